/** A brand on a stream. */
export interface OfBrand {
  readonly streamId: string;
  readonly label: string;
}

/**
 * What exposure counts of appearances, as numbers: a database sends a million of them so in a second, where an object for each
 * takes twenty, and threads hand them on without copying.
 */
export interface FactRows {
  /** What rows may be of. */
  readonly brands: readonly OfBrand[];
  /** Of each row: which of the brands. */
  readonly brand: Uint32Array;
  /** FIELDS numbers a row, in the order of FIELD. */
  readonly values: Float64Array;
}

/** Where in a row a number stands. */
export const FIELD = {
  /** Milliseconds since the Unix epoch. */
  startMs: 0,
  /** Media time. */
  lengthMs: 1,
  exposureMs: 2,
  coverage: 3,
  areaMean: 4,
  meanScore: 5,
  /** Of `meanBox`. */
  left: 6,
  top: 7,
  width: 8,
  height: 9,
} as const;
export const FIELDS = 10;
