import type { Box } from '../../core/geometry.js';

/** What is in a frame. */
export interface Target {
  /** Index into the brands. */
  readonly brand: number;
  /** Pixels of the frame. */
  readonly box: Box;
  /** Too little of it is to be seen: neither a positive nor a negative. */
  readonly ignore: boolean;
}
