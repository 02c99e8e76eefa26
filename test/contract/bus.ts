import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Batch, Bus, OutgoingRecord, Topic } from '../../src/bus/bus.js';
import { LogowatchError } from '../../src/core/errors.js';

export interface BusUnderTest {
  readonly bus: Bus;
  /** Topics of this case alone, so that cases do not see each other's records. */
  readonly input: Topic<number>;
  readonly output: Topic<number>;
}

export interface BusNeeds {
  /** Lossless records that may wait for a group. */
  readonly capacity: number;
  /** Groups that must see every record of `input`. */
  readonly inputGroups: readonly string[];
}

export interface BusTraits {
  /** False for a bus whose broker holds so much that senders never wait. */
  readonly backPressure: boolean;
  /** True for a bus that outlives the process: an uncommitted batch comes again to the next consumer. */
  readonly redelivers: boolean;
  /** Longest time a record may need from sender to consumer. */
  readonly latencyMsMax: number;
}

export const record = (key: string, value: number): OutgoingRecord<number> => ({ key, value });

export async function collect(batches: AsyncIterable<Batch<number>>, countMax = Number.POSITIVE_INFINITY) {
  const records: OutgoingRecord<number>[] = [];
  for await (const batch of batches) {
    records.push(...batch.records);
    await batch.commit();
    if (records.length >= countMax) break;
  }
  return records;
}

export const valuesOf = (records: readonly OutgoingRecord<number>[], key: string) =>
  records.filter((r) => r.key === key).map((r) => r.value);

export const isBusClosed = (error: unknown) => error instanceof LogowatchError && error.code === 'bus-closed';

/** What every bus must do, whatever carries the records. `makeBus` is called once a case; the suite closes the bus. */
export function busContract(
  name: string,
  makeBus: (needs: BusNeeds) => Promise<BusUnderTest>,
  traits: BusTraits,
) {
  const needs: BusNeeds = { capacity: 8, inputGroups: ['g'] };
  const using = async (wanted: Partial<BusNeeds>, body: (made: BusUnderTest) => Promise<void>) => {
    const made = await makeBus({ ...needs, ...wanted });
    try {
      await body(made);
    } finally {
      await made.bus.close();
    }
  };
  const read = ({ bus, input }: BusUnderTest, group = 'g', maxRecords = 5) =>
    bus.subscribe(input, { group, maxRecords });

  describe(`bus contract: ${name}`, () => {
    test('keeps the order of each key and bounds batches', () =>
      using({}, async (made) => {
        const sizes: number[] = [];
        const seen: OutgoingRecord<number>[] = [];
        const reading = (async () => {
          for await (const batch of read(made)) {
            sizes.push(batch.records.length);
            seen.push(...batch.records);
            await batch.commit();
          }
        })();
        for (let i = 0; i < 60; i++) await made.bus.send(made.input, [record('a', i), record('b', 100 + i)]);
        await made.bus.end(made.input);
        await reading;
        assert.deepEqual(
          valuesOf(seen, 'a'),
          Array.from({ length: 60 }, (_, i) => i),
        );
        assert.deepEqual(
          valuesOf(seen, 'b'),
          Array.from({ length: 60 }, (_, i) => 100 + i),
        );
        assert.ok(sizes.every((n) => n >= 1 && n <= 5));
      }));

    test('headers arrive as they were sent, by sender and by commit', () =>
      using({}, async (made) => {
        const headers = {
          traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
          other: 'ä',
        };
        await made.bus.send(made.input, [{ ...record('a', 1), headers }, record('a', 2)]);
        await made.bus.end(made.input);
        const following = collect(made.bus.subscribe(made.output, { group: 'out', maxRecords: 5 }));
        for await (const batch of read(made))
          await batch.commit([{ topic: made.output, records: batch.records }]);
        await made.bus.end(made.output);
        assert.deepEqual(
          (await following).map((r) => r.headers),
          [headers, undefined],
        );
      }));

    test('shows every group every record', () =>
      using({ inputGroups: ['g', 'h'] }, async (made) => {
        const both = Promise.all([collect(read(made)), collect(read(made, 'h'))]);
        for (let i = 0; i < 20; i++) await made.bus.send(made.input, [record('a', i)]);
        await made.bus.end(made.input);
        const [g, h] = await both;
        assert.equal(g.length, 20);
        assert.deepEqual(h, g);
      }));

    test('publishes what is handed to commit, in order, and not before', () =>
      using({}, async (made) => {
        await made.bus.send(made.input, [record('a', 1), record('a', 2)]);
        await made.bus.end(made.input);
        const results: OutgoingRecord<number>[] = [];
        const following = (async () => {
          for await (const batch of made.bus.subscribe(made.output, { group: 'out', maxRecords: 5 })) {
            results.push(...batch.records);
            await batch.commit();
          }
        })();
        let published = 0;
        for await (const batch of read(made, 'g', 1)) {
          await sleep(20);
          assert.ok(results.length <= published, 'seen before its commit');
          const outputs = batch.records.map((r) => record(r.key, r.value * 10));
          published += outputs.length;
          await batch.commit([{ topic: made.output, records: outputs }]);
        }
        await made.bus.end(made.output);
        await following;
        assert.deepEqual(valuesOf(results, 'a'), [10, 20]);
      }));

    test('a batch can be bigger than the room in the output queue', () =>
      using({ capacity: 2 }, async (made) => {
        const following = collect(made.bus.subscribe(made.output, { group: 'out', maxRecords: 3 }));
        await made.bus.send(made.input, [record('a', 1)]);
        await made.bus.end(made.input);
        for await (const batch of read(made)) {
          const records = Array.from({ length: 9 }, (_, i) => record('a', i));
          await batch.commit([{ topic: made.output, records }]);
        }
        await made.bus.end(made.output);
        assert.equal((await following).length, 9);
      }));

    if (traits.backPressure) {
      test('a lossless sender waits for a slow reader and loses nothing', () =>
        using({ capacity: 4 }, async (made) => {
          const iterator = read(made, 'g', 1)[Symbol.asyncIterator]();
          let accepted = 0;
          const sending = (async () => {
            for (let i = 0; i < 40; i++) {
              await made.bus.send(made.input, [record('a', i)]);
              accepted++;
            }
            await made.bus.end(made.input);
          })();
          await sleep(traits.latencyMsMax);
          assert.equal(accepted, 4);
          const values: number[] = [];
          for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
            values.push(...next.value.records.map((r) => r.value));
            assert.ok(accepted <= values.length + 5, `${accepted} accepted, ${values.length} read`);
            await next.value.commit();
          }
          await sending;
          assert.deepEqual(
            values,
            Array.from({ length: 40 }, (_, i) => i),
          );
        }));
    }

    test('end drains what is there, then ends the consumer', () =>
      using({}, async (made) => {
        await made.bus.send(made.input, [record('a', 1), record('b', 2), record('a', 3)]);
        await made.bus.end(made.input);
        const records = await collect(read(made, 'g', 1));
        assert.equal(records.length, 3);
      }));

    test('close ends waiting consumers and refuses records', () =>
      using({}, async (made) => {
        const reading = collect(read(made));
        await sleep(10);
        await made.bus.close();
        assert.deepEqual(await reading, []);
        await assert.rejects(made.bus.send(made.input, [record('a', 1)]), isBusClosed);
      }));

    test('abort ends a waiting consumer', () =>
      using({}, async (made) => {
        const abort = new AbortController();
        const reading = collect(
          made.bus.subscribe(made.input, { group: 'g', maxRecords: 5, signal: abort.signal }),
        );
        await sleep(10);
        abort.abort();
        assert.deepEqual(await reading, []);
      }));

    test('a consumer that left can be followed by another of its group', () =>
      using({}, async (made) => {
        await made.bus.send(made.input, [record('a', 1), record('a', 2), record('a', 3)]);
        assert.deepEqual(valuesOf(await collect(read(made, 'g', 1), 1), 'a'), [1]);
        await made.bus.end(made.input);
        assert.deepEqual(valuesOf(await collect(read(made)), 'a'), [2, 3]);
      }));

    if (traits.redelivers) {
      test('an uncommitted batch comes again', () =>
        using({}, async (made) => {
          await made.bus.send(made.input, [record('a', 1)]);
          for await (const batch of read(made)) {
            assert.deepEqual(valuesOf(batch.records, 'a'), [1]);
            break;
          }
          assert.deepEqual(valuesOf(await collect(read(made), 1), 'a'), [1]);
        }));
    }
  });
}
