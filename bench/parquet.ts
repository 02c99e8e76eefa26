/**
 * The sink of Parquet files: how fast events are taken, what turning a full journal into a file takes, how long the event loop
 * stands still meanwhile, and what the file weighs: `node dist/bench/parquet.js [EVENTS]`.
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Appearance } from '../src/core/appearance.js';
import { createParquet } from '../src/sink/sinks/parquet.js';
import { makeEvent } from '../test/sink/events.js';
import { table } from './measure.js';

const [count = 100_000] = process.argv.slice(2).map(Number);
const REVISIONS = 5;
const BATCH = 64;
const any = Math.random;
const box = () => [any(), any(), any() / 5, any() / 5] as const;

/** A day of 20 streams and 50 brands. */
function* events(): Generator<Appearance> {
  for (let i = 0; i < count / REVISIONS; i++) {
    const at = Date.parse('2026-01-02T00:00:00Z') + Math.floor((i / count) * REVISIONS * 86_400_000);
    for (let revision = 0; revision < REVISIONS; revision++) {
      const state = revision === 0 ? 'started' : revision === REVISIONS - 1 ? 'ended' : 'ongoing';
      const measured = { score: any(), meanScore: any(), areaMean: any(), areaMax: any(), coverage: any() };
      yield makeEvent(`00000000-0000-4000-8000-${String(i).padStart(12, '0')}`, revision, state, {
        ...measured,
        streamId: `stream-${i % 20}`,
        label: `brand ${i % 50}`,
        startTime: new Date(at).toISOString(),
        endTime: new Date(at + revision * 5000).toISOString(),
        box: box(),
        firstBox: box(),
        meanBox: box(),
      });
    }
  }
}

const seconds = (since: number) => (performance.now() - since) / 1000;
const folder = mkdtempSync(join(tmpdir(), 'logowatch-bench-'));
const heaviest = (ending: string) =>
  Math.max(...readdirSync(folder).map((f) => (f.endsWith(ending) ? statSync(join(folder, f)).size : 0)));

try {
  const sink = await createParquet({ path: folder, rotateEvents: 10 * count }, { telemetry: { emit() {} } });
  const all = [...events()];
  const taking = performance.now();
  for (let i = 0; i < all.length; i += BATCH) await sink.write(all.slice(i, i + BATCH));
  const takenS = seconds(taking);
  const journal = heaviest('.jsonl');
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const converting = performance.now();
  await sink.close();
  const convertedS = seconds(converting);
  delay.disable();
  console.log(
    table([
      ['events', String(all.length)],
      ['taken a second, in batches of 64, each on the disk', (all.length / takenS).toFixed(0)],
      ['journal into file, s', convertedS.toFixed(2)],
      ['longest pause of the event loop, ms', (delay.max / 1e6).toFixed(0)],
      ['journal, MB', (journal / 1e6).toFixed(1)],
      ['file, MB', (heaviest('.parquet') / 1e6).toFixed(1)],
    ]),
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
