import type { FfmpegBinary } from '../src/ingest/ffmpeg/locate.js';
import type { Clips } from './clips.js';

/** What a part of `npm run bench` is given. */
export interface BenchContext {
  readonly quick: boolean;
  /** Of the model that is measured. */
  readonly model: string;
  /** A folder of real material, as docs/first-light.md describes it. */
  readonly data: string | undefined;
  /** Emptied when the bench ends. */
  readonly folder: string;
  readonly ffmpeg: FfmpegBinary;
  readonly clips: Clips;
  /** A word on stderr about what is going on. */
  readonly say: (text: string) => void;
}

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** What the page shows of a part: written by the part, never by hand. */
export interface Section {
  readonly tables: readonly Table[];
  /** A paragraph each: how it was measured, and what the figures say. */
  readonly notes: readonly string[];
}

/** `raw` is every single measurement, as JSON. */
export type Outcome = { readonly skipped: string } | { readonly section: Section; readonly raw: unknown };

export interface Part {
  readonly name: string;
  readonly title: string;
  run(context: BenchContext): Promise<Outcome>;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}

/** The least value that a share `q` of the values do not exceed. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN;
}

/** As a table shows it; a dash where there is none. */
export const fixed = (value: number | null | undefined, digits = 1): string =>
  value === null || value === undefined || Number.isNaN(value) ? '-' : value.toFixed(digits);

/** Milliseconds of processor time of this process, all threads, children not counted. */
export async function cpuMsOf(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
