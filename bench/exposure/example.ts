// Four hours of generated appearances as lines of JSON, which the picture in docs/exposure.md is of:
// node dist/bench/exposure/example.js > events.jsonl
import { Random } from '../../src/demo/random.js';

const BRANDS = ['Acme', 'Globex', 'Hooli', 'Initech', 'Umbrella & Sons', 'Soylent'];
const START = Date.parse('2026-05-02T16:00:00Z');

const random = new Random(5);
const share = (value: number) => Math.round(value * 10_000) / 10_000;
for (let i = 0; i < 600; i++) {
  const startPtsMs = random.integer(0, 4 * 3_600_000);
  const lengthMs = 800 + Math.floor(random.next() ** 2 * 25_000);
  const brand = Math.floor(random.next() ** 1.6 * BRANDS.length);
  const width = random.between(0.05, 0.25);
  const height = 0.6 * width;
  // Every other brand is a bug in the corner, the others stand on boards around a pitch.
  const x = brand % 2 ? random.between(0.72, 0.75) : random.between(0.2, 0.6);
  const y = brand % 2 ? random.between(0.04, 0.09) : random.between(0.5, 0.8);
  const event = {
    id: `example-${i}`,
    revision: 1,
    streamId: random.next() < 0.35 ? 'news' : 'arena',
    session: 'generated',
    label: BRANDS[brand],
    startPtsMs,
    endPtsMs: startPtsMs + lengthMs,
    startTime: new Date(START + startPtsMs).toISOString(),
    exposureMs: Math.round(lengthMs * random.between(0.75, 1)),
    coverage: share(random.between(0.93, 1)),
    areaMean: share(Math.min(0.2, width * height * random.between(1, 3))),
    meanBox: [x, y, Math.min(width, 1 - x), Math.min(height, 1 - y)].map(share),
    meanScore: share(random.between(0.75, 1)),
  };
  process.stdout.write(`${JSON.stringify(event)}\n`);
}
