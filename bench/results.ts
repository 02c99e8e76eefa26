import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repoRoot } from '../src/core/root.js';
import { describeMachine, type Machine, sameMachine } from './machine.js';
import { table } from './measure.js';
import type { Part, Section } from './part.js';

/** A part that has run, as docs/benchmarks.json keeps it. */
export interface PartResult {
  /** The day, ISO 8601. */
  readonly measuredOn: string;
  readonly machine: Machine;
  readonly quick: boolean;
  readonly wallSeconds: number;
  /** Processors that programs other than the bench took meanwhile, on average. */
  readonly otherProcessors: number;
  readonly section: Section;
  readonly raw: unknown;
}

/** By the part's name. */
export type Results = Readonly<Record<string, PartResult>>;

export const RESULTS_FILE = join(repoRoot(), 'docs', 'benchmarks.json');
export const PAGE_FILE = join(repoRoot(), 'docs', 'benchmarks.md');

/** Empty where nothing has been measured yet. */
export async function readResults(file = RESULTS_FILE): Promise<Results> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

export async function writeResults(
  parts: readonly Pick<Part, 'name' | 'title'>[],
  results: Results,
): Promise<void> {
  await writeFile(RESULTS_FILE, `${JSON.stringify(results, undefined, 1)}\n`);
  await writeFile(PAGE_FILE, renderPage(parts, results));
}

const INTRODUCTION = `# Benchmarks

This page and [benchmarks.json](benchmarks.json), which holds every single measurement, are written by a command; change neither by hand. What was found on
the way, and figures of other machines, are in [performance.md](performance.md).

\`\`\`
npm run bench                        # all parts
npm run bench -- --only cost,peers   # some of them; the others keep what was measured before
npm run bench -- --quick             # shorter clips, fewer rounds
\`\`\`

Every figure stands beside its limit, measured in the same run: bare ffmpeg, bare ONNX Runtime on the same network, bare kafkajs, or what others would use.
Quote the ratios, not the milliseconds: machines differ.
`;

/** The whole page. Parts that have never run are named at its end. */
export function renderPage(parts: readonly Pick<Part, 'name' | 'title'>[], results: Results): string {
  const done = parts.flatMap((part) => {
    const result = results[part.name];
    return result === undefined ? [] : [{ part, result }];
  });
  const newest = done
    .map(({ result }) => result)
    .toSorted((a, b) => (a.measuredOn < b.measuredOn ? 1 : -1))[0];
  const missing = parts.filter(({ name }) => results[name] === undefined).map(({ name }) => `\`${name}\``);
  return [
    INTRODUCTION,
    newest === undefined
      ? ''
      : `Measured on ${describeMachine(newest.machine)}, unless a part says otherwise.\n`,
    ...done.map(({ part, result }) => renderPart(part, result, newest?.machine)),
    missing.length === 0 ? '' : `Not measured yet: ${missing.join(', ')}.\n`,
  ]
    .filter((text) => text !== '')
    .join('\n');
}

/** A machine is alone with the bench below this. */
const OTHERS_MAX = 0.15;

function renderPart({ name, title }: Pick<Part, 'name' | 'title'>, r: PartResult, usual?: Machine): string {
  const how = `\`--only ${name}\`${r.quick ? ' `--quick`' : ''}, ${r.measuredOn}, ${r.wallSeconds.toFixed(0)} s`;
  const where =
    usual === undefined || sameMachine(usual, r.machine) ? '' : `, on ${describeMachine(r.machine)}`;
  const shared =
    r.otherProcessors < OTHERS_MAX
      ? ''
      : ` Other programs took ${r.otherProcessors.toFixed(1)} processors meanwhile: times are too long, ratios less exact.`;
  const tables = r.section.tables.map(({ head, rows }) => table([head, ...rows]));
  return `${[`## ${title}`, `${how}${where}.${shared}`, ...tables, ...r.section.notes].join('\n\n')}\n`;
}
