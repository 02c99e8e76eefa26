// How long a report takes, and how much memory, over as many generated appearances as are asked for (default: 1,000,000 in
// a month, on 20 streams, of 30 brands): node --expose-gc dist/bench/exposure/main.js [appearances] [hour|day]
// With `write` as the last word it prints them as lines of JSON instead, for `logowatch report`.
import { once } from 'node:events';
import { Random } from '../../src/demo/random.js';
import { exposureAnalysis } from '../../src/exposure/analysis.js';
import { CUTS, type CutBy } from '../../src/exposure/cuts.js';
import { type ExposureFacts, LastRevisions } from '../../src/exposure/facts.js';

const DAYS = 30;
const STREAMS = 20;
const BRANDS = 30;
const START = Date.parse('2026-06-01T00:00:00Z');

/** As a sink delivers them: in the order of time, each with names of its own that JSON.parse makes. */
function* appearances(count: number): Generator<ExposureFacts> {
  const random = new Random(1);
  for (let i = 0; i < count; i++) {
    const startPtsMs = Math.floor(((i + random.next()) / count) * DAYS * 86_400_000);
    const lengthMs = 400 + Math.floor(random.next() ** 3 * 60_000);
    const text = JSON.stringify({
      id: `00000000-0000-8000-8000-${String(i).padStart(12, '0')}`,
      revision: 1,
      streamId: `channel-${Math.floor(random.next() * STREAMS)}`,
      session: 'the-only-one',
      label: `brand-${Math.floor(random.next() ** 2 * BRANDS)}`,
      startPtsMs,
      endPtsMs: startPtsMs + lengthMs,
      startTime: new Date(START + startPtsMs).toISOString(),
      exposureMs: Math.round(lengthMs * (0.7 + 0.3 * random.next())),
      coverage: 0.9 + 0.1 * random.next(),
      areaMean: 0.15 * random.next(),
      meanBox: [0.7 * random.next(), 0.7 * random.next(), 0.3 * random.next(), 0.3 * random.next()],
      meanScore: 0.8 + 0.2 * random.next(),
    });
    yield JSON.parse(text) as ExposureFacts;
  }
}

function mebibytes(): number {
  globalThis.gc?.();
  return Math.round(process.memoryUsage().rss / 2 ** 20);
}

const count = Number(process.argv[2] ?? 1_000_000);
const by = CUTS.find((c) => c === process.argv[3]) as CutBy | undefined;
if (process.argv[3] === 'write') await write();
else measure();

async function write(): Promise<void> {
  for (const event of appearances(count))
    if (!process.stdout.write(`${JSON.stringify(event)}\n`)) await once(process.stdout, 'drain');
}

function measure(): void {
  const emptyMiB = mebibytes();
  const last = new LastRevisions();
  for (const event of appearances(count)) last.add(event);
  const factsMiB = mebibytes() - emptyMiB;
  const facts = last.appearances;
  const times: string[] = [];
  let analysis = exposureAnalysis([]);
  for (let run = 0; run < 3; run++) {
    const [started, before] = [performance.now(), process.cpuUsage()];
    analysis = exposureAnalysis(facts, { by });
    const [ms, cpu] = [performance.now() - started, process.cpuUsage(before)];
    times.push(
      `${(ms / 1000).toFixed(1)} s (${((cpu.user + cpu.system) / 1e6).toFixed(1)} s of processor time)`,
    );
  }
  const peakMiB = Math.round(process.resourceUsage().maxRSS / 1024);
  const { streams, cuts, all } = analysis;
  process.stdout.write(
    `${count} appearances, cut by ${by ?? 'nothing'}: ${times.join(', then ')} for ${streams.length} streams, ${all.brands.length} brands and ${cuts.length} cuts; ` +
      `facts ${factsMiB} MiB, peak of the process ${peakMiB} MiB (empty ${emptyMiB} MiB)\n`,
  );
}
