import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { storeReport } from '../../src/commands/report-store.js';
import { exposureReport } from '../../src/exposure/report.js';
import type { Store } from '../../src/store/store.js';
import { makeAppearance, makeEvent } from '../sink/events.js';
import { isTyped, judged, makeNight } from '../store/events.js';

/** What a store does, whatever is below it. `empty` opens it with nothing in it. */
export function storeContract(
  name: string,
  open: () => Promise<Store>,
  skip: string | false,
  dispose: () => Promise<void>,
) {
  describe(`store contract: ${name}`, { skip, timeout: 60_000 }, () => {
    let store: Store;
    before(async () => {
      store = await open();
    });
    beforeEach(() => store.erase({}));
    after(async () => {
      await store.close();
      await dispose();
    });

    test('holds the last revision, whole', async () => {
      const events = makeAppearance('a');
      assert.equal(await store.upsert(events), 1);
      assert.deepEqual(await store.appearance('a'), { ...events.at(-1), verdict: null });
      assert.equal(await store.appearance('b'), undefined);
    });

    test('a field that it has no column for is kept', async () => {
      await store.upsert([{ ...makeEvent('a', 0, 'started'), extra: { n: [1, null] } } as never]);
      assert.deepEqual(((await store.appearance('a')) as never as { extra: unknown }).extra, {
        n: [1, null],
      });
    });

    test('numbers come back as they were', async () => {
      const odd = {
        score: 0.1 + 0.2,
        areaMean: 5e-324,
        meanBox: [1 / 3, 0, 1, 0.1] as const,
        endPtsMs: 2 ** 52,
      };
      await store.upsert([makeEvent('a', 0, 'started', odd)]);
      assert.deepEqual({ ...(await store.appearance('a')), ...odd }, await store.appearance('a'));
    });

    test('doubled and late events change nothing', async () => {
      const events = makeAppearance('a', 4);
      await store.upsert(events.slice(0, 3));
      assert.equal(await store.upsert([events[1]!]), 0);
      assert.equal(await store.upsert([events[2]!]), 0);
      assert.equal((await store.appearance('a'))?.revision, 2);
      assert.equal(await store.upsert([events[3]!, events[0]!]), 1);
      assert.equal((await store.appearance('a'))?.state, 'ended');
    });

    test('writers side by side lose nothing and wait for each other at most', async () => {
      const ids = Array.from({ length: 40 }, (_, i) => `x${i}`);
      const writer = (revision: number) => {
        const order = revision % 2 === 0 ? ids : [...ids].reverse();
        return store.upsert(order.map((id) => makeEvent(id, revision, 'ongoing')));
      };
      await Promise.all(Array.from({ length: 12 }, (_, revision) => writer(revision)));
      const { appearances } = await store.appearances({ limit: 100 });
      assert.deepEqual(
        appearances.map((a) => a.revision),
        ids.map(() => 11),
      );
    });

    test('an event that a database cannot hold is refused by itself, and nothing of its batch is written', async () => {
      const bad = makeEvent('b', 0, 'started', { label: 'nul\0' });
      const refused = (error: unknown) => isTyped(error, 'store-failed') && error.ofValue && !error.transient;
      await assert.rejects(store.upsert([makeEvent('a', 0, 'started'), bad]), refused);
      assert.equal(await store.appearance('a'), undefined);
    });

    test('pages go from the newest to the oldest, each once, also where starts are equal', async () => {
      const night = makeNight({ count: 25, everyMs: 1000, equal: 5 });
      await store.upsert(night);
      const seen: string[] = [];
      for (let cursor: string | undefined; ; ) {
        const page = await store.appearances({ limit: 4, cursor });
        seen.push(...page.appearances.map(({ id }) => id));
        if (page.cursor === null) break;
        cursor = page.cursor;
      }
      const order = [...night].sort((a, b) => (a.startTime + a.id < b.startTime + b.id ? 1 : -1));
      assert.deepEqual(
        seen,
        order.map(({ id }) => id),
      );
    });

    test('is narrowed by stream, brand, state and time', async () => {
      const at = (s: number) => new Date(Date.UTC(2026, 0, 1) + s * 1000).toISOString();
      const of = (id: string, from: number, to: number, over = {}) =>
        makeEvent(id, 0, 'ended', { startTime: at(from), endTime: at(to), ...over });
      await store.upsert([
        of('long', 0, 100),
        of('early', 10, 20),
        of('late', 60, 70, { label: 'globex' }),
        of('other', 60, 70, { streamId: 'sports' }),
        of('open', 65, 70, { state: 'started' }),
      ]);
      const ids = async (query: Parameters<Store['appearances']>[0]) =>
        (await store.appearances(query)).appearances.map(({ id }) => id);
      assert.deepEqual(await ids({ streams: ['sports', 'x'] }), ['other']);
      assert.deepEqual(await ids({ labels: ['globex'] }), ['late']);
      assert.deepEqual(await ids({ states: ['started'] }), ['open']);
      assert.deepEqual(await ids({ from: at(20), to: at(60) }), ['long']);
      assert.deepEqual(await ids({ from: at(19.999), to: at(60.001), streams: ['news 1'] }), [
        'late',
        'early',
        'long',
      ]);
      assert.deepEqual(await ids({ streams: [] }), []);
    });

    test('facts are what exposure counts, in batches that hold each appearance once', async () => {
      const night = makeNight({ count: 300, everyMs: 700, equal: 3 });
      await store.upsert(night);
      const facts = [];
      for await (const batch of store.facts()) facts.push(...batch);
      assert.equal(facts.length, 300);
      assert.deepEqual(exposureReport(facts), exposureReport(night));
    });

    test('spans give the report that facts give, over months, where appearances overlap too', async () => {
      const night = makeNight({ count: 200, everyMs: 3_600_000, equal: 1 });
      const long = { endPtsMs: 80 * 3_600_000, exposureMs: 3_600_000, label: 'brand 1' };
      const empty = { endPtsMs: 0, startPtsMs: 0, exposureMs: 0 };
      const odd = [
        makeEvent('long', 0, 'ended', { ...night[4], id: 'long', ...long }),
        makeEvent('none', 0, 'ended', empty),
      ];
      const later = night.map((e) => ({
        ...e,
        id: `later ${e.id}`,
        streamId: 'later',
        startTime: new Date(Date.parse(e.startTime) + 40 * 86_400_000).toISOString(),
      }));
      const all = [...night, ...odd, ...later];
      await store.upsert(all);
      assert.deepEqual(await storeReport(store), exposureReport(all));
      const some = { streams: ['news 1'], from: '2026-01-02T00:00:00Z', to: '2026-01-05' };
      const chosen = [];
      for await (const batch of store.facts(some)) chosen.push(...batch);
      assert.ok(chosen.length > 50 && chosen.some(({ id }) => id === 'long'));
      assert.deepEqual(await storeReport(store, some), exposureReport(chosen));
    });

    test('tells which streams and brands it knows', async () => {
      await store.upsert([
        makeEvent('a', 0, 'ended'),
        makeEvent('b', 0, 'ended', { label: 'Zeta', streamId: 's 2' }),
      ]);
      assert.deepEqual(
        (await store.brands()).map((b) => [b.name, b.appearances]),
        [
          ['Zeta', 1],
          ['acme', 1],
        ],
      );
      assert.deepEqual(
        (await store.streams()).map((s) => s.name),
        ['news 1', 's 2'],
      );
      assert.equal((await store.streams())[0]?.first, '2026-01-02T03:04:05.600Z');
    });

    test('the last verdict counts, can be taken back, and outlives later revisions', async () => {
      const events = makeAppearance('a');
      assert.equal(await store.judge(judged('a', 'right')), false);
      await store.upsert(events.slice(0, 1));
      assert.equal(await store.judge(judged('a', 'right')), true);
      assert.equal(await store.judge({ ...judged('a', 'wrong'), note: 'a bus' }), true);
      await store.upsert(events);
      assert.deepEqual((await store.appearance('a'))?.verdict, { ...judged('a', 'wrong'), note: 'a bus' });
      const count = async (verdict: 'none' | 'wrong' | 'right') =>
        (await store.appearances({ verdicts: [verdict] })).appearances.length;
      assert.deepEqual([await count('none'), await count('wrong'), await count('right')], [0, 1, 0]);
      assert.equal(await store.unjudge('a'), true);
      assert.equal(await store.unjudge('a'), false);
      assert.equal((await store.appearance('a'))?.verdict, null);
    });

    test('erases a stream, a range, and what is old, verdicts with it', async () => {
      const night = makeNight({ count: 10, everyMs: 60_000, equal: 1 });
      const sports = night.map((e) => ({ ...e, id: `s-${e.id}`, streamId: 'sports' }));
      await store.upsert([...night, ...sports]);
      await store.judge(judged(night[9]!.id, 'right'));
      const range = { streams: ['news 1'], from: night[8]!.startTime, to: night[9]!.endTime };
      assert.deepEqual(await store.count(range), { appearances: 2, verdicts: 1 });
      assert.deepEqual(await store.erase(range), { appearances: 2, verdicts: 1 });
      assert.deepEqual(await store.erase({ streams: ['sports'] }), { appearances: 10, verdicts: 0 });
      assert.deepEqual(await store.eraseBefore(night[5]!.startTime), { appearances: 5, verdicts: 0 });
      assert.equal((await store.appearances()).appearances.length, 3);
    });

    test('what is asked wrongly is said so', async () => {
      const wrong = (error: unknown) => isTyped(error, 'store-query');
      await assert.rejects(store.appearances({ cursor: 'x' }), wrong);
      await assert.rejects(store.appearances({ limit: 0 }), wrong);
      await assert.rejects(store.appearances({ from: 'yesterday' }), wrong);
      await assert.rejects(store.appearances({ to: '2026-01-01T00:00:00' }), wrong);
    });
  });
}
