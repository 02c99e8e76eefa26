/** An axis-aligned box [x, y, width, height]; relative to the picture (0..1) unless a name says pixels. */
export type Box = readonly [x: number, y: number, width: number, height: number];

export function boxArea([, , w, h]: Box): number {
  return Math.max(0, w) * Math.max(0, h);
}

/** Intersection over union, 0..1. */
export function iou(a: Box, b: Box): number {
  const common = intersection(a, b);
  return common === 0 ? 0 : common / (boxArea(a) + boxArea(b) - common);
}

/** Share of the smaller box that the other one covers, 0..1. */
export function overlapShare(a: Box, b: Box): number {
  const common = intersection(a, b);
  return common === 0 ? 0 : common / Math.min(boxArea(a), boxArea(b));
}

function intersection(a: Box, b: Box): number {
  const w = Math.min(a[0] + a[2], b[0] + b[2]) - Math.max(a[0], b[0]);
  const h = Math.min(a[1] + a[3], b[1] + b[3]) - Math.max(a[1], b[1]);
  return w <= 0 || h <= 0 ? 0 : w * h;
}

export function clipBox([x, y, w, h]: Box): Box {
  const x0 = Math.min(1, Math.max(0, x));
  const y0 = Math.min(1, Math.max(0, y));
  const x1 = Math.min(1, Math.max(0, x + w));
  const y1 = Math.min(1, Math.max(0, y + h));
  return [x0, y0, x1 - x0, y1 - y0];
}
