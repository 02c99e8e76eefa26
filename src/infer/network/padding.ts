/** TensorFlow's SAME: see network.ts. */
export interface SamePadding {
  readonly output: number;
  readonly before: number;
  readonly after: number;
}

export function samePadding(size: number, kernel: number, stride: number): SamePadding {
  const output = Math.ceil(size / stride);
  const total = Math.max(0, (output - 1) * stride + kernel - size);
  const before = total >> 1;
  return { output, before, after: total - before };
}
