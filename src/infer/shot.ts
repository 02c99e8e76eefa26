/**
 * Hard cuts, at a cost far under a millisecond a frame. Two signs must agree, since each alone has a weakness:
 * the colour histogram forgets where things are, so pans leave it alone while fades and flashes change it;
 * correlation of the picture with the one before, at its best shift, forgets brightness and contrast, so fades
 * leave it alone while fast motion changes it. What the shot itself changes from frame to frame raises the bar.
 */
export interface ShotState {
  /** GRID_WIDTH * GRID_HEIGHT luma means, 0..255. */
  readonly grid: Float32Array;
  /** 3 x BINS shares of the samples. */
  readonly histogram: Float32Array;
  /** Running mean of the change between neighbouring frames of this shot, 0..1. */
  readonly activity: number;
}

export interface ShotStep {
  readonly state: ShotState;
  readonly cut: boolean;
  /** 0: the same picture; 1: nothing in common. */
  readonly change: number;
}

interface Rgb24 {
  readonly width: number;
  readonly height: number;
  /** rgb24: width * height * 3 bytes, row by row. */
  readonly data: Uint8Array;
}

const GRID_WIDTH = 32;
const GRID_HEIGHT = 18;
const BINS = 16;
/** Samples a grid cell along each side. */
const SAMPLES = 3;
const SHIFT_X = 8;
const SHIFT_Y = 4;
const CHANGE_MIN = 0.28;
const ACTIVITY_FACTOR = 2;
const ACTIVITY_MEMORY = 0.8;
/** Under this standard deviation of luma a picture is a plain colour: it correlates with nothing. */
const FLAT = 3;
const FADE_STEP = 40;

/** The first frame of a stream is no cut. */
export function shotStep(previous: ShotState | undefined, frame: Rgb24): ShotStep {
  const { grid, histogram } = sample(frame);
  if (previous === undefined) return { state: { grid, histogram, activity: 0 }, cut: false, change: 0 };
  const colour = histogramDistance(previous.histogram, histogram);
  // A histogram that stays says no cut: then the costly search is not needed.
  const shape = colour < CHANGE_MIN ** 2 ? 0 : 1 - Math.max(0, bestCorrelation(previous.grid, grid));
  const change = Math.sqrt(colour * shape);
  const cut = change > Math.max(CHANGE_MIN, ACTIVITY_FACTOR * previous.activity);
  const activity = cut ? 0 : ACTIVITY_MEMORY * previous.activity + (1 - ACTIVITY_MEMORY) * change;
  return { state: { grid, histogram, activity }, cut, change };
}

function sample({ width, height, data }: Rgb24): { grid: Float32Array; histogram: Float32Array } {
  const grid = new Float32Array(GRID_WIDTH * GRID_HEIGHT);
  const histogram = new Float32Array(3 * BINS);
  const columns = GRID_WIDTH * SAMPLES;
  const rows = GRID_HEIGHT * SAMPLES;
  const share = 1 / (columns * rows);
  for (let row = 0; row < rows; row++) {
    const line = Math.floor(((row + 0.5) * height) / rows) * width;
    const gridLine = Math.floor(row / SAMPLES) * GRID_WIDTH;
    for (let column = 0; column < columns; column++) {
      const at = (line + Math.floor(((column + 0.5) * width) / columns)) * 3;
      const r = data[at] ?? 0;
      const g = data[at + 1] ?? 0;
      const b = data[at + 2] ?? 0;
      count(histogram, 0, r, share);
      count(histogram, BINS, g, share);
      count(histogram, 2 * BINS, b, share);
      // ITU-R BT.601 luma.
      const luma = 0.299 * r + 0.587 * g + 0.114 * b;
      const cell = gridLine + Math.floor(column / SAMPLES);
      grid[cell] = grid[cell]! + luma / SAMPLES ** 2;
    }
  }
  return { grid, histogram };
}

/** Shared between the two nearest bins, so that a trembling value does not jump from bin to bin. */
function count(histogram: Float32Array, offset: number, value: number, share: number): void {
  const place = (value / 255) * (BINS - 1);
  const low = Math.floor(place);
  const rest = place - low;
  histogram[offset + low] = histogram[offset + low]! + share * (1 - rest);
  if (rest > 0) histogram[offset + low + 1] = histogram[offset + low + 1]! + share * rest;
}

/** 1 - intersection, mean of the three colours, 0..1 (Swain and Ballard 1991). */
function histogramDistance(a: Float32Array, b: Float32Array): number {
  let common = 0;
  for (let i = 0; i < a.length; i++) common += Math.min(a[i]!, b[i]!);
  return 1 - common / 3;
}

/** Normalised cross-correlation at the best of all shifts up to a quarter of the picture, -1..1. */
function bestCorrelation(a: Float32Array, b: Float32Array): number {
  let best = -1;
  for (let dy = -SHIFT_Y; dy <= SHIFT_Y; dy++) {
    for (let dx = -SHIFT_X; dx <= SHIFT_X; dx++) best = Math.max(best, correlation(a, b, dx, dy));
  }
  return best;
}

function correlation(a: Float32Array, b: Float32Array, dx: number, dy: number): number {
  const x0 = Math.max(0, dx);
  const x1 = Math.min(GRID_WIDTH, GRID_WIDTH + dx);
  const y0 = Math.max(0, dy);
  const y1 = Math.min(GRID_HEIGHT, GRID_HEIGHT + dy);
  let sumA = 0;
  let sumB = 0;
  let sumAA = 0;
  let sumBB = 0;
  let sumAB = 0;
  for (let y = y0; y < y1; y++) {
    for (let x = x0; x < x1; x++) {
      const va = a[y * GRID_WIDTH + x]!;
      const vb = b[(y - dy) * GRID_WIDTH + x - dx]!;
      sumA += va;
      sumB += vb;
      sumAA += va * va;
      sumBB += vb * vb;
      sumAB += va * vb;
    }
  }
  const n = (x1 - x0) * (y1 - y0);
  const varianceA = sumAA / n - (sumA / n) ** 2;
  const varianceB = sumBB / n - (sumB / n) ** 2;
  // A plain colour has no shape. The last step of a fade is a small one; a cut out of black is not.
  if (varianceA < FLAT ** 2 || varianceB < FLAT ** 2) return Math.abs(sumA - sumB) / n < FADE_STEP ? 1 : 0;
  return (sumAB / n - (sumA / n) * (sumB / n)) / Math.sqrt(varianceA * varianceB);
}
