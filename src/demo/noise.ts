import type { Random } from './random.js';

/** Fractal value noise in 0..1 that repeats after `width` x `height`: four octaves, each half as strong. */
export function fractalNoise(random: Random, width: number, height: number, cells: number): Float32Array {
  const result = new Float32Array(width * height);
  let total = 0;
  for (let octave = 0; octave < 4; octave++) {
    const weight = 0.5 ** octave;
    total += weight;
    addOctave(result, random, width, height, cells * 2 ** octave, weight);
  }
  for (let i = 0; i < result.length; i++) result[i] = result[i]! / total;
  return result;
}

function addOctave(
  to: Float32Array,
  random: Random,
  width: number,
  height: number,
  cells: number,
  weight: number,
): void {
  const rows = Math.max(2, Math.round((cells * height) / width));
  const lattice = Float32Array.from({ length: cells * rows }, () => random.next());
  const smooth = (t: number) => t * t * (3 - 2 * t);
  for (let y = 0; y < height; y++) {
    const v = (y / height) * rows;
    const top = Math.floor(v);
    const fy = smooth(v - top);
    const rowA = top * cells;
    const rowB = ((top + 1) % rows) * cells;
    for (let x = 0; x < width; x++) {
      const u = (x / width) * cells;
      const left = Math.floor(u);
      const fx = smooth(u - left);
      const right = (left + 1) % cells;
      const a = lattice[rowA + left]! * (1 - fx) + lattice[rowA + right]! * fx;
      const b = lattice[rowB + left]! * (1 - fx) + lattice[rowB + right]! * fx;
      to[y * width + x] = to[y * width + x]! + weight * (a * (1 - fy) + b * fy);
    }
  }
}
