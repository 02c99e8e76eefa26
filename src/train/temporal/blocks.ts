import { autocorrelation, integratedTime } from '../statistics/autocorrelation.js';
import type { EvidenceSeries } from './series.js';

/** No block is shorter: an appearance lasts as long, and two in it are one by the gap rule. */
const BLOCK_S_MIN = 5;
const BLOCK_S_MAX = 60;
/** Blocks that hold so many correlation times are as good as independent of each other. */
const TIMES_PER_BLOCK = 3;
const LAG_S_MAX = 60;

export interface BlockLength {
  readonly blockS: number;
  /** Integrated autocorrelation time of the evidence, seconds. */
  readonly correlationS: number;
}

/**
 * Blocks, not frames, are exchangeable: neighbouring frames show the same thing. The length is a few times the
 * integrated autocorrelation time of the greatest sum over all brands, frame by frame.
 */
export function blockLength({ ptsUs, sums, observedUs }: EvidenceSeries): BlockLength {
  const n = ptsUs.length;
  const intervalS = n === 0 ? 0.2 : Math.max(1e-3, observedUs / 1e6 / n);
  const greatest = new Float32Array(n);
  for (const series of sums.values())
    for (let i = 0; i < n; i++) greatest[i] = Math.max(greatest[i]!, series[i]!);
  const lagMax = Math.max(2, Math.min(Math.floor(n / 4), Math.round(LAG_S_MAX / intervalS)));
  const correlationS = integratedTime(autocorrelation(greatest, lagMax)) * intervalS;
  const blockS = Math.min(BLOCK_S_MAX, Math.max(BLOCK_S_MIN, Math.ceil(TIMES_PER_BLOCK * correlationS)));
  return { blockS, correlationS };
}

/** One rise of the evidence for a brand: what would have opened one appearance at any threshold up to `peak`. */
export interface Peak {
  readonly peak: number;
  readonly atUs: number;
  /** Of the frame in which the peak was reached. */
  readonly frame: number;
}

/** Rises that follow each other within `gapUs` are one, as the appearances they open would be (runs declustering). */
export function peaksOf(ptsUs: Float64Array, series: Float32Array, gapUs: number): Peak[] {
  const peaks: Peak[] = [];
  let lastUs = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < series.length; i++) {
    const value = series[i]!;
    if (value <= 0) continue;
    const atUs = ptsUs[i]!;
    const open = peaks.at(-1);
    if (open === undefined || atUs - lastUs >= gapUs) peaks.push({ peak: value, atUs, frame: i });
    else if (value > open.peak) peaks[peaks.length - 1] = { peak: value, atUs, frame: i };
    lastUs = atUs;
  }
  return peaks;
}

/** Peaks by block of observed time; blocks without any are there, and empty. */
export function inBlocks(
  peaks: readonly Pick<Peak, 'peak' | 'atUs'>[],
  blockS: number,
  observedUs: number,
): number[][] {
  const count = Math.max(1, Math.ceil(observedUs / 1e6 / blockS));
  const blocks: number[][] = Array.from({ length: count }, () => []);
  for (const { peak, atUs } of peaks)
    blocks[Math.min(count - 1, Math.floor(atUs / 1e6 / blockS))]!.push(peak);
  return blocks;
}
