/** An axis-aligned box [x, y, width, height]; relative to the picture (0..1) unless a name says pixels. */
export type Box = readonly [x: number, y: number, width: number, height: number];

export function boxArea([, , w, h]: Box): number {
  return Math.max(0, w) * Math.max(0, h);
}

/** Intersection over union, 0..1. */
export function iou(a: Box, b: Box): number {
  const w = Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]);
  const h = Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]);
  if (w <= 0 || h <= 0) return 0;
  const intersection = w * h;
  return intersection / (boxArea(a) + boxArea(b) - intersection);
}

export function clipBox([x, y, w, h]: Box): Box {
  const x0 = Math.min(1, Math.max(0, x));
  const y0 = Math.min(1, Math.max(0, y));
  const x1 = Math.min(1, Math.max(0, x + w));
  const y1 = Math.min(1, Math.max(0, y + h));
  return [x0, y0, x1 - x0, y1 - y0];
}
