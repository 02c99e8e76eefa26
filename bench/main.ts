/**
 * `npm run bench [-- --only PART,...] [--quick] [--model FOLDER] [--data FOLDER]`: measures what logowatch costs beside its
 * limits and its peers, and writes docs/benchmarks.md and docs/benchmarks.json. Ends with 1 when a part failed, or when
 * recognition fell below what the file held.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeError } from '../src/core/errors.js';
import { useShippedFonts } from '../src/core/fonts.js';
import { repoRoot } from '../src/core/root.js';
import { locateFfmpeg } from '../src/ingest/ffmpeg/locate.js';
import { busySeconds } from './busy.js';
import { Clips } from './clips.js';
import { thisMachine } from './machine.js';
import type { BenchContext, Part } from './part.js';
import { PARTS } from './parts.js';
import { type PartResult, readResults, writeResults } from './results.js';

const say = (text: string): void => void process.stderr.write(`bench: ${text}\n`);

function chosen(only: string | undefined): readonly Part[] {
  if (only === undefined) return PARTS;
  const names = only.split(',');
  const unknown = names.find((name) => PARTS.every((p) => p.name !== name));
  if (unknown !== undefined) {
    say(`there is no part ${unknown}: ${PARTS.map((p) => p.name).join(', ')}`);
    process.exit(2);
  }
  return PARTS.filter(({ name }) => names.includes(name));
}

/** Undefined where the part was skipped. */
async function runPart(part: Part, context: BenchContext): Promise<PartResult | undefined> {
  const busy = busySeconds();
  const started = performance.now();
  say(`${part.name} ...`);
  const outcome = await part.run(context);
  if ('skipped' in outcome) {
    say(`${part.name} is skipped: ${outcome.skipped}`);
    return undefined;
  }
  const wallSeconds = Number(((performance.now() - started) / 1000).toFixed(1));
  const otherProcessors = Number(Math.max(0, (busySeconds() - busy) / wallSeconds).toFixed(2));
  say(`${part.name}: ${wallSeconds} s, ${otherProcessors} processors taken by others`);
  const measuredOn = new Date().toISOString().slice(0, 10);
  const machine = thisMachine(context.ffmpeg);
  return { measuredOn, machine, quick: context.quick, wallSeconds, otherProcessors, ...outcome };
}

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    model: { type: 'string', default: join(repoRoot(), 'models', 'demo') },
    data: { type: 'string' },
  },
});
useShippedFonts();
const ffmpeg = await locateFfmpeg();
const folder = await mkdtemp(join(tmpdir(), 'logowatch-bench-'));
let failed = false;
try {
  const { quick, model, data } = values;
  const context = { quick, model, data, folder, ffmpeg, clips: new Clips(ffmpeg.path), say };
  for (const part of chosen(values.only)) {
    try {
      const result = await runPart(part, context);
      // After each part: a bench that is cut off keeps what it has.
      if (result !== undefined) await writeResults(PARTS, { ...(await readResults()), [part.name]: result });
    } catch (error) {
      failed = true;
      say(`${part.name} failed: ${describeError(error)}`);
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);
