import type { LabelledBox } from '../datasets/dataset.js';

/** `frame`: a small logo composed into a picture of 640x360; never mixed with the pictures of the data set. */
export type PictureKind = 'logo' | 'logo-free' | 'unknown' | 'frame';

/** A picture to be looked at, and what is known of it. */
export interface EvalPicture {
  readonly kind: PictureKind;
  /** Its file, or what was composed. */
  readonly name: string;
  /** A file, or the bytes of one. */
  readonly source: string | Buffer;
  /** The model's brands in it. */
  readonly labels: readonly string[];
  /** Undefined where the brand is known but not its place. */
  readonly truth: TruthBoxes | undefined;
  /** Of frames: the logo's longer side as a share of the frame's width. */
  readonly logoWidth?: number;
}

export interface TruthBoxes {
  /** What the boxes are pixels of. */
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly LabelledBox[];
}

/** A picture without any of the brands. */
export function silentPicture(
  kind: 'logo-free' | 'unknown',
  name: string,
  source: string | Buffer = name,
): EvalPicture {
  return { kind, name, source, labels: [], truth: { width: 1, height: 1, boxes: [] } };
}
