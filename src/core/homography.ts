/** A projective map of the plane, row-major 3x3: (x, y) goes to (m0 x + m1 y + m2, m3 x + m4 y + m5) / (m6 x + m7 y + m8). */
export type Homography = readonly [number, number, number, number, number, number, number, number, number];

/** The adjugate over the determinant, which must not be 0. */
export function invertHomography([a, b, c, d, e, f, g, h, i]: Homography): Homography {
  const [A, D, G] = [e * i - f * h, f * g - d * i, d * h - e * g];
  const det = a * A + b * D + c * G;
  return [
    A / det,
    (c * h - b * i) / det,
    (b * f - c * e) / det,
    D / det,
    (a * i - c * g) / det,
    (c * d - a * f) / det,
    G / det,
    (b * g - a * h) / det,
    (a * e - b * d) / det,
  ];
}
