import { join } from 'node:path';
import { repoRoot } from '../src/core/root.js';
import { type Measured, measure } from './measure.js';
import type { WatchReport, WatchRequest } from './watch-run.js';

/** A script of the bench, built. */
export const script = (name: string): string => join(repoRoot(), 'dist', 'bench', `${name}.js`);

export interface Watched extends WatchReport, Pick<Measured, 'wallSeconds' | 'cpuSeconds'> {
  /** All processes, start left out. */
  readonly runCpuSeconds: number;
  readonly frames: number;
  readonly dropped: number;
}

/** Runs the ordinary pipeline in a process of its own. */
export async function watchRun(request: WatchRequest): Promise<Watched> {
  const { stdout, wallSeconds, cpuSeconds } = await measure(process.execPath, [
    script('watch-run'),
    JSON.stringify(request),
  ]);
  const report: WatchReport = JSON.parse(stdout);
  return {
    ...report,
    wallSeconds,
    cpuSeconds,
    runCpuSeconds: cpuSeconds - report.startCpuSeconds,
    frames: report.stats.reduce((sum, s) => sum + s.inferred, 0),
    dropped: report.stats.reduce((sum, s) => sum + Object.values(s.dropped).reduce((a, b) => a + b, 0), 0),
  };
}
