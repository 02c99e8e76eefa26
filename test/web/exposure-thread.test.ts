import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FactRows } from '../../src/core/fact-rows.js';
import { exposureAnalysis } from '../../src/exposure/analysis.js';
import { rowsOf } from '../../src/exposure/rows.js';
import { ExposureThread } from '../../src/web/exposure-thread.js';
import { MemoryStore } from '../../src/web/memory-store.js';
import { appearance, startTestServer } from './support.js';

const DAY = Date.parse('2026-01-01T00:00:00Z');
const QUESTION = { fromMs: DAY, toMs: DAY + 86_400_000 };

/** A day's appearances, one after the other. */
const day = (count: number) =>
  Array.from({ length: count }, (_, n) => {
    const startMs = Math.floor((n * 86_000_000) / count);
    const startTime = new Date(DAY + startMs).toISOString();
    return appearance(n, {
      startTime,
      startPtsMs: startMs,
      endPtsMs: startMs + 4_000,
      label: `brand ${n % 7}`,
    });
  });

/** A store whose one slice holds more than can be counted in the time of some requests. */
class LargeStore extends MemoryStore {
  override async *rows(): AsyncGenerator<FactRows> {
    const { brands, brand, values } = rowsOf(day(2_000));
    const times = 500;
    const [manyBrands, manyValues] = [
      new Uint32Array(brand.length * times),
      new Float64Array(values.length * times),
    ];
    for (let i = 0; i < times; i++) {
      manyBrands.set(brand, i * brand.length);
      manyValues.set(values, i * values.length);
    }
    yield { brands, brand: manyBrands, values: manyValues };
  }
}

test('others are answered while a large report is counted', { timeout: 60_000 }, async () => {
  const server = await startTestServer({}, new LargeStore());
  try {
    const order: string[] = [];
    const query = 'from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z';
    const report = fetch(`${server.url}/api/exposure?${query}`).then(async (answer) => {
      order.push('report');
      return (await answer.json()) as { report: { all: { exposureMs: number } } };
    });
    for (let i = 0; i < 10; i++) {
      assert.equal((await fetch(`${server.url}/api/session`)).status, 200);
      order.push('other');
    }
    const { all } = (await report).report;
    assert.ok(all.exposureMs > 0);
    assert.equal(order.at(-1), 'report');
  } finally {
    await server.close();
  }
});

test('the thread answers what is asked at once, each by itself, and outlives a store that fails', async () => {
  const thread = new ExposureThread();
  try {
    const facts = day(300);
    async function* slices(...parts: readonly (readonly (typeof facts)[number][])[]) {
      for (const part of parts) yield rowsOf(part);
    }
    async function* failing(): AsyncGenerator<FactRows> {
      yield rowsOf(facts);
      throw new Error('the database is away');
    }
    const [whole, half, failure] = await Promise.allSettled([
      thread.answer(QUESTION, slices(facts.slice(0, 100), facts.slice(100))),
      thread.answer(QUESTION, slices(facts.slice(0, 150))),
      thread.answer(QUESTION, failing()),
    ]);
    const bounds = { from: '2026-01-01', to: '2026-01-02' };
    const said = (settled: typeof whole) => {
      assert.equal(settled?.status, 'fulfilled');
      return (JSON.parse(settled.value.toString()) as { report: unknown }).report;
    };
    assert.deepEqual(said(whole), exposureAnalysis(facts, bounds));
    assert.deepEqual(said(half), exposureAnalysis(facts.slice(0, 150), bounds));
    assert.equal(failure?.status === 'rejected' && (failure.reason as Error).message, 'the database is away');
    assert.deepEqual(
      (JSON.parse((await thread.answer(QUESTION, slices())).toString()) as { report: unknown }).report,
      exposureAnalysis([], bounds),
    );
  } finally {
    thread.close();
  }
});

test('a question that cannot be counted is told although its first slice is still to come', async () => {
  const thread = new ExposureThread();
  try {
    async function* slow(): AsyncGenerator<FactRows> {
      await sleep(300);
      yield rowsOf(day(3));
    }
    await assert.rejects(thread.answer({ fromMs: Number.NaN, toMs: DAY }, slow()), /[Ii]nvalid/);
  } finally {
    thread.close();
  }
});
