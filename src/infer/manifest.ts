import type { TemporalCalibration } from './model/temporal.js';

/**
 * A model folder: `model.json` (this), the head's two files, and the trunk's, either beside it or, found by their
 * hashes, among those shipped in models/. Network files: a JSON list of layers and tensor places, and a binary of
 * little-endian tensors.
 */
export interface FileReference {
  readonly file: string;
  /** Hex. Checked before a byte of the file is used. */
  readonly sha256: string;
}

export interface NetworkReference {
  readonly layers: FileReference;
  readonly weights: FileReference;
}

/**
 * How three logits at a place become a brand's evidence: llr = logo * "some logo" + look * brand's + verify * verify's + offset,
 * a window by verify and offset alone (see fusion.ts); score = sigmoid(llr + ln prior odds); reported when score >= threshold.
 */
export interface BrandCalibration {
  readonly label: string;
  /** Weight of the logit of being at some logo, >= 0. */
  readonly logo: number;
  /** Weight of the brand's logit of the first look at the whole picture, >= 0. */
  readonly look: number;
  /** Weight of the logit of the second look at the crop, >= 0. */
  readonly verify: number;
  readonly offset: number;
  /** On the score, 0..1. */
  readonly threshold: number;
}

export interface ModelManifest {
  readonly format: 2;
  readonly id: string;
  /** ISO 8601 */
  readonly createdAt: string;
  readonly inputs: readonly { readonly width: number; readonly height: number }[];
  readonly trunk: NetworkReference;
  readonly head: NetworkReference;
  readonly brands: readonly BrandCalibration[];
  /** Odds of a brand being in a picture, that turn an llr into the score. */
  readonly priorOdds: number;
  /** Sum of "some logo" and a brand's logit from which a place is worth a second look. */
  readonly candidateLogit: number;
  /** Layer -> [min, max] over calibration pictures, for int8. Without it the model runs in float only. */
  readonly ranges?: Readonly<Record<string, readonly [number, number]>>;
  /** Layer -> mean of each channel over calibration pictures: int8 corrects its biases with them. */
  readonly means?: Readonly<Record<string, readonly number[]>>;
  /** The same for the network that looks at crops. */
  readonly cropRanges?: Readonly<Record<string, readonly [number, number]>>;
  readonly cropMeans?: Readonly<Record<string, readonly number[]>>;
  /** The onset test, calibrated on logo-free video; without it the smoother's defaults hold. */
  readonly temporal?: TemporalCalibration;
  /** How it was made: command, seed, data counts, measured figures. */
  readonly training?: Readonly<Record<string, unknown>>;
}
