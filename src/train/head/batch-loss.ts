import { HEAD_STRIDES } from '../../infer/network.js';
import type { StoredFrame } from '../feature-store.js';
import type { Rng } from '../rng.js';
import { type ChosenCells, gridSize, type HeadOutputs } from './head-session.js';
import { focal, giouLoss } from './loss.js';
import { onTarget, type Positive, positives } from './targets.js';

export interface SamplingOptions {
  readonly brandCount: number;
  /** Negative cells a frame and stride: the hardest, and as many random ones as the second number says. */
  readonly hard: ReadonlyMap<number, number>;
  readonly random: ReadonlyMap<number, number>;
}

export interface BatchLoss {
  readonly cells: ChosenCells;
  /** Of the loss, by the outputs of the chosen cells. */
  readonly gradients: HeadOutputs;
  readonly loss: number;
  readonly positives: number;
}

interface Row {
  readonly frame: number;
  readonly cell: number;
  readonly positive: Positive | undefined;
}

/**
 * The loss of a batch from the outputs of all of its cells: focal over all positives, the hardest negatives and some
 * random ones, GIoU over the positives, both divided by the number of positives.
 */
export function batchLoss(
  frames: readonly StoredFrame[],
  outputs: HeadOutputs,
  rng: Rng,
  options: SamplingOptions,
): BatchLoss {
  const rows = new Map<number, Row[]>();
  let count = 0;
  for (const stride of HEAD_STRIDES) {
    const list: Row[] = [];
    for (const [n, frame] of frames.entries()) {
      const found = positives(frame.targets, frame.width, frame.height, stride, rng);
      count += found.length;
      const taken = new Set(found.map((p) => p.cell));
      for (const positive of found) list.push({ frame: n, cell: positive.cell, positive });
      for (const cell of negativeCells(frame, n, outputs.get(stride)!, stride, taken, rng, options))
        list.push({ frame: n, cell, positive: undefined });
    }
    rows.set(stride, list);
  }
  const weight = 1 / Math.max(1, count);
  const cells = new Map<number, Int32Array>();
  const gradients = new Map<number, Float32Array>();
  let loss = 0;
  for (const stride of HEAD_STRIDES) {
    const list = rows.get(stride)!;
    const { width, height } = frames[0]!;
    const size = gridSize(width, stride) * gridSize(height, stride);
    cells.set(
      stride,
      Int32Array.from(list, (r) => r.frame * size + r.cell),
    );
    const gradient = new Float32Array(list.length * (options.brandCount + 4));
    for (const [i, row] of list.entries())
      loss += rowLoss(
        row,
        i,
        frames[row.frame]!,
        outputs.get(stride)!,
        size,
        stride,
        gradient,
        weight,
        options.brandCount,
      );
    gradients.set(stride, gradient);
  }
  return { cells, gradients, loss: loss * weight, positives: count };
}

/** Cells without a positive: the ones that look most like a brand, then random ones. */
function negativeCells(
  frame: StoredFrame,
  n: number,
  z: Float32Array,
  stride: number,
  taken: ReadonlySet<number>,
  rng: Rng,
  options: SamplingOptions,
): Set<number> {
  const columns = gridSize(frame.width, stride);
  const size = columns * gridSize(frame.height, stride);
  const width = options.brandCount + 4;
  const candidates: number[] = [];
  const hardness = new Float32Array(size).fill(-Infinity);
  const targets = frame.targets;
  for (let cell = 0; cell < size; cell++) {
    if (taken.has(cell)) continue;
    const unknown =
      targets.length === 0
        ? []
        : targets.filter((t) => onTarget(t, cell, columns, stride)).map((t) => t.brand);
    const at = (n * size + cell) * width;
    for (let k = 0; k < options.brandCount; k++)
      if (z[at + k]! > hardness[cell]! && !unknown.includes(k)) hardness[cell] = z[at + k]!;
    candidates.push(cell);
  }
  const chosen = new Set(topCells(candidates, hardness, options.hard.get(stride)!));
  for (let i = options.random.get(stride)!; i > 0 && candidates.length > 0; i--)
    chosen.add(rng.pick(candidates));
  return chosen;
}

/** The `count` candidates of greatest value, by a histogram: a full sort of 3,600 cells a frame would show. */
function topCells(candidates: readonly number[], value: Float32Array, count: number): number[] {
  if (candidates.length <= count) return [...candidates];
  const BINS = 512;
  const bin = (v: number): number => Math.max(0, Math.min(BINS - 1, Math.floor((v + 24) * (BINS / 40))));
  const histogram = new Int32Array(BINS);
  for (const c of candidates) histogram[bin(value[c]!)]!++;
  let cut = BINS - 1;
  for (let sum = histogram[cut]!; sum < count && cut > 0; sum += histogram[cut]!) cut--;
  return candidates
    .filter((c) => bin(value[c]!) >= cut)
    .sort((a, b) => value[b]! - value[a]! || a - b)
    .slice(0, count);
}

/** Adds one row's gradient; returns its loss, not yet weighted. */
function rowLoss(
  row: Row,
  i: number,
  frame: StoredFrame,
  z: Float32Array,
  size: number,
  stride: number,
  gradient: Float32Array,
  weight: number,
  brandCount: number,
): number {
  const width = brandCount + 4;
  const from = (row.frame * size + row.cell) * width;
  const columns = gridSize(frame.width, stride);
  const unknown = frame.targets
    .filter((t) => t !== row.positive?.target && onTarget(t, row.cell, columns, stride))
    .map((t) => t.brand);
  let loss = 0;
  for (let k = 0; k < brandCount; k++) {
    const positive = row.positive?.target.brand === k;
    if (!positive && unknown.includes(k)) continue;
    const { loss: l, gradient: g } = focal(z[from + k]!, positive);
    loss += l;
    gradient[i * width + k] = g * weight;
  }
  if (!row.positive) return loss;
  const [x, y, w, h] = row.positive.target.box;
  const cx = ((row.cell % columns) + 0.5) * stride;
  const cy = (Math.floor(row.cell / columns) + 0.5) * stride;
  const side = (d: number): number => Math.max(0.1, d / stride);
  const truth = [side(cx - x), side(cy - y), side(x + w - cx), side(y + h - cy)] as const;
  const copy = z.slice(from, from + width);
  const boxGradient = new Float32Array(width);
  loss += giouLoss(copy, brandCount, truth, boxGradient, weight);
  for (let k = brandCount; k < width; k++) gradient[i * width + k] = boxGradient[k]!;
  return loss;
}
