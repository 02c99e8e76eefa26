/**
 * Focal loss with gamma 2 of one logit (Lin et al. 2017, without alpha), and its derivative.
 * Positive: -(1-p)^2 ln p. Negative: -p^2 ln(1-p).
 */
export function focal(logit: number, positive: boolean): { loss: number; gradient: number } {
  // A negative is a positive with its logit turned round.
  const z = positive ? logit : -logit;
  const p = 1 / (1 + Math.exp(-z));
  const q = 1 - p;
  const logP = z < -30 ? z : -Math.log1p(Math.exp(-z));
  const gradient = 2 * p * q * q * logP - q * q * q;
  return { loss: -q * q * logP, gradient: positive ? gradient : -gradient };
}

const LOG_MAX = 5;

/**
 * 1 - GIoU (Rezatofighi et al. 2019) of two boxes that share the point from which their four distances (left, top,
 * right, bottom) are counted. `raw` holds ln of the predicted distances at `at`; the gradient by them is written to
 * `out` at the same place, times `weight`.
 */
export function giouLoss(
  raw: Float32Array,
  at: number,
  truth: readonly [number, number, number, number],
  out: Float32Array,
  weight: number,
): number {
  const d = [0, 1, 2, 3].map((i) => Math.exp(Math.min(LOG_MAX, Math.max(-LOG_MAX, raw[at + i]!))));
  const [l, t, r, b] = d as [number, number, number, number];
  const [tl, tt, tr, tb] = truth;
  const [iw, ih] = [Math.min(l, tl) + Math.min(r, tr), Math.min(t, tt) + Math.min(b, tb)];
  const [cw, ch] = [Math.max(l, tl) + Math.max(r, tr), Math.max(t, tt) + Math.max(b, tb)];
  const inter = iw * ih;
  const union = (l + r) * (t + b) + (tl + tr) * (tt + tb) - inter;
  const hull = cw * ch;
  for (let i = 0; i < 4; i++) {
    const horizontal = i % 2 === 0;
    const smaller = d[i]! < truth[i]!;
    const dInter = smaller ? (horizontal ? ih : iw) : 0;
    const dUnion = (horizontal ? t + b : l + r) - dInter;
    const dHull = smaller ? 0 : horizontal ? ch : cw;
    const dLoss =
      -(dInter * union - inter * dUnion) / union ** 2 - (dUnion * hull - union * dHull) / hull ** 2;
    out[at + i] = out[at + i]! + weight * dLoss * d[i]!;
  }
  return 2 - inter / union - union / hull;
}
