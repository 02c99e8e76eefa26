import { HEAD_STRIDES } from '../../infer/network.js';
import type { StoredFrame } from '../feature-store.js';
import type { Rng } from '../rng.js';
import { type ChosenCells, gridSize, type HeadOutputs } from './head-session.js';
import { focal, giouLoss } from './loss.js';
import { onTarget, type Positive, positives } from './targets.js';

export interface SamplingOptions {
  readonly brandCount: number;
  /** Share of a stride's cells that are looked at for hard negatives, another one each time. */
  readonly looked: ReadonlyMap<number, number>;
  /** Negative cells a frame and stride: the hardest of those looked at, and random ones. */
  readonly hard: ReadonlyMap<number, number>;
  readonly random: ReadonlyMap<number, number>;
}

export interface Candidate {
  readonly frame: number;
  readonly cell: number;
  readonly positive: Positive | undefined;
}
/** Stride -> cells whose outputs are wanted, frame by frame. */
export type Candidates = ReadonlyMap<number, readonly Candidate[]>;

export interface BatchLoss {
  readonly cells: ChosenCells;
  /** Of the loss, by the outputs of the chosen cells. */
  readonly gradients: HeadOutputs;
  readonly loss: number;
  readonly positives: number;
}

/** All positives of a batch of frames of one shape, and the cells among which hard negatives are looked for. */
export function chooseCandidates(
  frames: readonly StoredFrame[],
  rng: Rng,
  options: SamplingOptions,
): Candidates {
  const chosen = new Map<number, Candidate[]>();
  for (const stride of HEAD_STRIDES) {
    const list: Candidate[] = [];
    const share = options.looked.get(stride)!;
    for (const [n, frame] of frames.entries()) {
      const size = gridSize(frame.width, stride) * gridSize(frame.height, stride);
      const found = positives(frame.targets, frame.width, frame.height, stride, rng);
      const taken = new Set(found.map((p) => p.cell));
      for (const positive of found) list.push({ frame: n, cell: positive.cell, positive });
      for (let cell = 0; cell < size; cell++)
        if ((share >= 1 || rng.chance(share)) && !taken.has(cell))
          list.push({ frame: n, cell, positive: undefined });
    }
    chosen.set(stride, list);
  }
  return chosen;
}

export function candidateCells(frames: readonly StoredFrame[], candidates: Candidates): ChosenCells {
  return new Map(
    [...candidates].map(([stride, list]) => {
      const size = gridSize(frames[0]!.width, stride) * gridSize(frames[0]!.height, stride);
      return [stride, Int32Array.from(list, (c) => c.frame * size + c.cell)];
    }),
  );
}

/**
 * The loss of a batch from its candidates' outputs: focal over all positives, the hardest negatives and some random
 * ones, GIoU over the positives, both divided by the number of positives.
 */
export function batchLoss(
  frames: readonly StoredFrame[],
  candidates: Candidates,
  outputs: HeadOutputs,
  rng: Rng,
  options: SamplingOptions,
): BatchLoss {
  const all = candidateCells(frames, candidates);
  let count = 0;
  for (const list of candidates.values()) for (const c of list) if (c.positive) count++;
  const weight = 1 / Math.max(1, count);
  const cells = new Map<number, Int32Array>();
  const gradients = new Map<number, Float32Array>();
  let loss = 0;
  for (const stride of HEAD_STRIDES) {
    const rows = chooseRows(frames, candidates.get(stride)!, outputs.get(stride)!, stride, rng, options);
    const gradient = new Float32Array(rows.length * (options.brandCount + 4));
    for (const [i, row] of rows.entries()) {
      const candidate = candidates.get(stride)![row]!;
      const frame = frames[candidate.frame]!;
      const width = options.brandCount + 4;
      const z = outputs.get(stride)!.subarray(row * width, (row + 1) * width);
      loss += rowLoss(candidate, frame, z, stride, gradient.subarray(i * width, (i + 1) * width), weight);
    }
    cells.set(
      stride,
      Int32Array.from(rows, (row) => all.get(stride)![row]!),
    );
    gradients.set(stride, gradient);
  }
  return { cells, gradients, loss: loss * weight, positives: count };
}

/** Rows of the candidates to learn from: positives, hardest negatives of each frame, random ones. */
function chooseRows(
  frames: readonly StoredFrame[],
  candidates: readonly Candidate[],
  z: Float32Array,
  stride: number,
  rng: Rng,
  options: SamplingOptions,
): number[] {
  const chosen: number[] = [];
  const width = options.brandCount + 4;
  let from = 0;
  for (const [n, frame] of frames.entries()) {
    const negatives: number[] = [];
    const hardness: number[] = [];
    for (; candidates[from]?.frame === n; from++) {
      const candidate = candidates[from]!;
      if (candidate.positive) {
        chosen.push(from);
        continue;
      }
      const unknown = unknownBrands(candidate, frame, stride);
      let hardest = -Infinity;
      for (let k = 0; k < options.brandCount; k++) {
        const v = z[from * width + k]!;
        if (v > hardest && !unknown.includes(k)) hardest = v;
      }
      negatives.push(from);
      hardness.push(hardest);
    }
    const picked = new Set(top(negatives, hardness, options.hard.get(stride)!));
    for (let i = options.random.get(stride)!; i > 0 && negatives.length > 0; i--)
      picked.add(rng.pick(negatives));
    chosen.push(...picked);
  }
  return chosen;
}

function top(rows: readonly number[], value: readonly number[], count: number): number[] {
  const order = Array.from(rows.keys()).sort((a, b) => value[b]! - value[a]! || a - b);
  return order.slice(0, count).map((i) => rows[i]!);
}

const NOTHING: readonly number[] = [];

/** Brands whose logit says nothing at a cell: it lies on such a logo, without being the one to answer for it. */
function unknownBrands(candidate: Candidate, frame: StoredFrame, stride: number): readonly number[] {
  if (frame.targets.length === 0) return NOTHING;
  const columns = gridSize(frame.width, stride);
  return frame.targets
    .filter((t) => t !== candidate.positive?.target && onTarget(t, candidate.cell, columns, stride))
    .map((t) => t.brand);
}

/** Writes one row's gradient; returns its loss, not yet weighted. */
function rowLoss(
  row: Candidate,
  frame: StoredFrame,
  z: Float32Array,
  stride: number,
  gradient: Float32Array,
  weight: number,
): number {
  const brandCount = z.length - 4;
  const unknown = unknownBrands(row, frame, stride);
  let loss = 0;
  for (let k = 0; k < brandCount; k++) {
    const positive = row.positive?.target.brand === k;
    if (!positive && unknown.includes(k)) continue;
    const { loss: l, gradient: g } = focal(z[k]!, positive);
    loss += l;
    gradient[k] = g * weight;
  }
  if (!row.positive) return loss;
  const columns = gridSize(frame.width, stride);
  const [x, y, w, h] = row.positive.target.box;
  const cx = ((row.cell % columns) + 0.5) * stride;
  const cy = (Math.floor(row.cell / columns) + 0.5) * stride;
  const side = (d: number): number => Math.max(0.1, d / stride);
  const truth = [side(cx - x), side(cy - y), side(x + w - cx), side(y + h - cy)] as const;
  return loss + giouLoss(z, brandCount, truth, gradient, weight);
}
