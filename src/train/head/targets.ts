import type { Target } from '../compose/target.js';
import type { Rng } from '../rng.js';

/** Greater side in pixels of the logos that each stride answers for; where they overlap, both do. */
const SIDES_PX: ReadonlyMap<number, readonly [low: number, high: number]> = new Map([
  [8, [0, 64]],
  [16, [44, 150]],
  [32, [110, Number.POSITIVE_INFINITY]],
]);
/** A large logo must not outweigh many small ones. */
const POSITIVES_PER_TARGET = 9;

/** A cell that is to answer for a target. */
export interface Positive {
  readonly cell: number;
  readonly target: Target;
}

/** Cells of a frame along one side on a stride. */
export const gridSize = (pixels: number, stride: number): number => Math.ceil(pixels / stride);

export function belongs(target: Target, stride: number): boolean {
  const side = Math.max(target.box[2], target.box[3]);
  const [low, high] = SIDES_PX.get(stride)!;
  return side >= low && side <= high;
}

/** The cells of one frame that answer for its targets: the central half of each box, or the cell at its centre. */
export function positives(
  targets: readonly Target[],
  width: number,
  height: number,
  stride: number,
  rng: Rng,
): Positive[] {
  const [rows, columns] = [gridSize(height, stride), gridSize(width, stride)];
  const found: Positive[] = [];
  for (const target of targets) {
    if (target.ignore || !belongs(target, stride)) continue;
    const [x, y, w, h] = target.box;
    const cells = span(x + w / 4, x + (3 * w) / 4, stride, columns).flatMap((column) =>
      span(y + h / 4, y + (3 * h) / 4, stride, rows).map((row) => row * columns + column),
    );
    for (const cell of rng.shuffle(cells).slice(0, POSITIVES_PER_TARGET)) found.push({ cell, target });
  }
  return found;
}

/** Cells whose centre lies in [low, high], at least the nearest one. */
function span(low: number, high: number, stride: number, count: number): number[] {
  const first = Math.max(0, Math.ceil(low / stride - 0.5));
  const last = Math.min(count - 1, Math.floor(high / stride - 0.5));
  if (first > last) return [Math.min(count - 1, Math.max(0, Math.floor((low + high) / 2 / stride)))];
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** Whether a brand's logit is unknown at a cell: it lies on the logo, but is not the one to answer for it. */
export function onTarget(target: Target, cell: number, columns: number, stride: number): boolean {
  const cx = ((cell % columns) + 0.5) * stride;
  const cy = (Math.floor(cell / columns) + 0.5) * stride;
  // A margin of half a cell: its receptive field sees the logo just as well.
  const m = stride / 2;
  const [x, y, w, h] = target.box;
  return cx > x - m && cx < x + w + m && cy > y - m && cy < y + h + m;
}
