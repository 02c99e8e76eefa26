import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Registry } from 'prom-client';
import { LABEL_VALUES_MAX, OTHER } from '../../src/telemetry/label-values.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { ReaderLags } from '../../src/telemetry/reader-lags.js';

describe('metrics', () => {
  const lines = async (metrics: Metrics, name: string): Promise<string[]> =>
    (await metrics.registry.metrics()).split('\n').filter((line) => line.startsWith(name));

  it('a stream that never opened is down, one that ended as it should is missed by nobody', async () => {
    const metrics = new Metrics();
    for (const streamId of ['never', 'refused', 'done']) metrics.measure({ type: 'source-added', streamId });
    metrics.measure({ type: 'source-opened', streamId: 'done', session: 's', source: 'a file' });
    metrics.measure({ type: 'source-ended', streamId: 'done', failed: false });
    metrics.measure({ type: 'source-ended', streamId: 'refused', failed: true });
    assert.deepEqual(await lines(metrics, 'logowatch_source_up'), [
      'logowatch_source_up{stream="never"} 0',
      'logowatch_source_up{stream="refused"} 0',
    ]);
  });

  it('whoever writes names without end fills one more series, and no more', async () => {
    const metrics = new Metrics();
    for (let i = 0; i < LABEL_VALUES_MAX + 7; i++)
      metrics.measure({ type: 'frames-sampled', streamId: `s${i}`, count: 1 });
    const series = await lines(metrics, 'logowatch_frames_sampled_total{');
    assert.equal(series.length, LABEL_VALUES_MAX + 1);
    assert.ok(series.includes(`logowatch_frames_sampled_total{stream="${OTHER}"} 7`));
  });

  it('counts appearances by brand when they open and when they end', async () => {
    const metrics = new Metrics();
    for (const state of ['started', 'ongoing', 'ongoing', 'ended', 'started'])
      metrics.measure({ type: 'appearance', streamId: 'tv', label: 'acme', state });
    assert.deepEqual(await lines(metrics, 'logowatch_appearances_'), [
      'logowatch_appearances_opened_total{label="acme"} 2',
      'logowatch_appearances_ended_total{label="acme"} 1',
    ]);
  });

  it('failures of a reader and of a sink are there from 0 on, so that the first is an increase', async () => {
    const metrics = new Metrics();
    metrics.measure({ type: 'reader-opened', group: 'infer', topic: 'frames' });
    metrics.measure({ type: 'sink-opened', sink: 'webhook' });
    const text = await metrics.registry.metrics();
    for (const line of [
      'logowatch_bus_commit_failures_total{group="infer"} 0',
      'logowatch_dead_letters_total{topic="frames"} 0',
      'logowatch_sink_events_lost_total{sink="webhook"} 0',
    ])
      assert.ok(text.includes(`${line}\n`), line);
  });

  it('a reader that hangs falls behind by itself; one that has nothing to do is not behind', async () => {
    const registry = new Registry();
    let now = 1_000_000;
    const lags = new ReaderLags(registry, () => now);
    const shown = async (): Promise<string[]> =>
      (await registry.metrics()).split('\n').filter((line) => line.startsWith('logowatch_bus_lag'));
    lags.set({ group: 'infer', waiting: 4, oldestMs: now - 500, beyond: 10 });
    now += 60_000;
    assert.deepEqual(await shown(), [
      'logowatch_bus_lag_records{group="infer"} 14',
      'logowatch_bus_lag_seconds{group="infer"} 60.5',
    ]);
    lags.set({ group: 'infer', waiting: 0, oldestMs: undefined, beyond: 10 });
    assert.equal((await shown())[0], 'logowatch_bus_lag_records{group="infer"} 10');
    // Had there been records, they would have been fetched: what is beyond was the mark of a transaction.
    now += 60_000;
    assert.deepEqual(await shown(), [
      'logowatch_bus_lag_records{group="infer"} 0',
      'logowatch_bus_lag_seconds{group="infer"} 0',
    ]);
  });
});
