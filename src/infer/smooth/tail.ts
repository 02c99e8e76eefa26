/**
 * The generalised Pareto distribution of excesses over a threshold: P(X > x) = (1 + shape x / scale)^(-1 / shape),
 * exp(-x / scale) at shape 0; a shape under 0 has an end at scale / -shape (Pickands 1975).
 */
export interface Gpd {
  readonly shape: number;
  readonly scale: number;
}

/** How often a brand's evidence rises above a level where there is no logo: peaks over `from`, nats. */
export interface EvidenceTail extends Gpd {
  readonly from: number;
  /** Peaks above `from`, per hour of media time. */
  readonly perHour: number;
}

const SHAPE_ZERO = 1e-6;

/** P(X > excess), 0..1. */
export function gpdSurvival({ shape, scale }: Gpd, excess: number): number {
  if (excess <= 0) return 1;
  if (Math.abs(shape) < SHAPE_ZERO) return Math.exp(-excess / scale);
  const base = 1 + (shape * excess) / scale;
  return base <= 0 ? 0 : base ** (-1 / shape);
}

/** The excess that is exceeded with probability `p`, 0 < p <= 1. */
export function gpdQuantile({ shape, scale }: Gpd, p: number): number {
  if (Math.abs(shape) < SHAPE_ZERO) return -scale * Math.log(p);
  return (scale / shape) * (p ** -shape - 1);
}

/** The level that is passed `perHour` times an hour; never under `from`, where the tail tells nothing. */
export function tailLevel(tail: EvidenceTail, perHour: number): number {
  if (perHour >= tail.perHour) return tail.from;
  return tail.from + gpdQuantile(tail, perHour / tail.perHour);
}

/** How often the level is passed, per hour; below `from` at least the rate at `from`. */
export function tailRate(tail: EvidenceTail, level: number): number {
  return tail.perHour * gpdSurvival(tail, level - tail.from);
}
