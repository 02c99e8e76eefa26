import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Appearance } from '../../src/core/appearance.js';
import { describeError, LogowatchError } from '../../src/core/errors.js';
import type { Sink } from '../../src/sink/sink.js';
import { keyOf, makeAppearance } from '../sink/events.js';

export interface SinkUnderTest {
  readonly sink: Sink;
  /** What the other side holds, in the order of its arrival. */
  received(): Promise<Appearance[]>;
  dispose(): Promise<void>;
}

export interface SinkTraits {
  /** False for a sink that leaves out the revisions between start and end. */
  readonly everyRevision: boolean;
  /** True for a sink whose other side keeps the last revision of an id alone. */
  readonly lastOnly?: boolean;
  /** False for a sink whose other side outlives it (the terminal). */
  readonly refusesAfterClose: boolean;
}

/** What every sink must do. `makeBroken` makes one whose writes fail; `secret` is part of its options. */
export function sinkContract(
  name: string,
  make: () => Promise<SinkUnderTest>,
  makeBroken: () => Promise<{ sink: Sink; secret?: string; dispose(): Promise<void> }>,
  traits: SinkTraits,
) {
  const using = async (body: (made: SinkUnderTest) => Promise<void>) => {
    const made = await make();
    try {
      await body(made);
    } finally {
      await made.sink.close();
      await made.dispose();
    }
  };
  const expected = (events: readonly Appearance[]) =>
    events
      .filter((e, i) => !traits.lastOnly || !events.slice(i + 1).some((later) => later.id === e.id))
      .filter((e) => traits.everyRevision || e.state !== 'ongoing')
      .map(keyOf);

  describe(`sink contract: ${name}`, { timeout: 30_000 }, () => {
    test('has a name', () => using(async ({ sink }) => assert.match(sink.name, /^[\w-]+$/)));

    test('an empty write does nothing', () =>
      using(async ({ sink, received }) => {
        await sink.write([]);
        assert.deepEqual(await received(), []);
      }));

    test('what was written has arrived, whole and in order', () =>
      using(async ({ sink, received }) => {
        const [a, b] = [makeAppearance('a'), makeAppearance('b')];
        await sink.write(a.slice(0, 1));
        await sink.write([...b, ...a.slice(1)]);
        const events = await received();
        for (const written of [a, b]) {
          const id = written[0]?.id;
          assert.deepEqual(events.filter((e) => e.id === id).map(keyOf), expected(written));
        }
        const [whole] = traits.lastOnly ? a.slice(-1) : a;
        assert.deepEqual(events[0], whole);
      }));

    test('a batch of 300 arrives whole', () =>
      using(async ({ sink, received }) => {
        const events = Array.from({ length: 100 }, (_, i) => makeAppearance(`a${i}`)).flat();
        await sink.write(events);
        assert.deepEqual((await received()).map(keyOf).sort(), expected(events).sort());
      }));

    test('the same events twice change nothing for a reader that keeps the last revision of an id', () =>
      using(async ({ sink, received }) => {
        const events = makeAppearance('a');
        await sink.write(events);
        await sink.write(events);
        const last = new Map((await received()).map((e) => [keyOf(e), e]));
        assert.deepEqual([...last.keys()], expected(events));
        assert.deepEqual([...last.values()].at(-1), events.at(-1));
      }));

    test('writes that overlap lose nothing', () =>
      using(async ({ sink, received }) => {
        const events = makeAppearance('a', 12);
        const halves = [events.slice(0, 6), events.slice(6)];
        await Promise.all(halves.map((half) => sink.write(half)));
        const keys = (await received()).map(keyOf);
        assert.deepEqual([...new Set(keys)].sort(), expected(events).sort());
      }));

    test('close may be called twice', () =>
      using(async ({ sink }) => {
        await sink.write(makeAppearance('a'));
        await sink.close();
        await sink.close();
      }));

    if (traits.refusesAfterClose) {
      test('a write after the close is refused, not swallowed', () =>
        using(async ({ sink }) => {
          await sink.close();
          await assert.rejects(sink.write(makeAppearance('a')), isTyped);
        }));
    }

    test('a failing write rejects with a typed error that holds no secret', async () => {
      const { sink, secret, dispose } = await makeBroken();
      try {
        await assert.rejects(sink.write(makeAppearance('a')), (error) => {
          assert.ok(isTyped(error));
          if (secret !== undefined) assert.ok(!describeError(error).includes(secret));
          return true;
        });
      } finally {
        await sink.close().catch(() => undefined);
        await dispose();
      }
    });
  });
}

const isTyped = (error: unknown) =>
  error instanceof LogowatchError && (error.code === 'sink-failed' || error.code === 'disk-full');
