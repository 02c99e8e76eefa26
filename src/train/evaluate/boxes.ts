import type { Detection } from '../../core/detection.js';
import type { Answer } from './answers.js';
import { relativeBox } from './answers.js';
import {
  averagePrecision,
  type BoxedAnswer,
  meanAveragePrecision,
  type PrecisionPoint,
  precisionCurve,
  type Ranking,
  rankDetections,
} from './average-precision.js';
import { bootstrapWeights, type Estimate } from './intervals.js';

export interface DetectionFigures {
  /** Mean average precision at IoU 0.5 over all pictures whose boxes are known, logo-free and unknown ones included. */
  readonly map50: Estimate;
  readonly pictures: number;
  readonly boxes: number;
  /** Brand -> average precision; brands without a box are absent. */
  readonly byBrand: ReadonlyMap<string, number>;
  /** All brands together. */
  readonly curve: readonly PrecisionPoint[];
  /** Pictures whose file says that they are to be turned: their boxes cannot be told to be turned too. */
  readonly turned: number;
}

/** Undefined where no picture has a box. `answers` are of the data set's pictures and the silent ones. */
export function detectionFigures(
  answers: readonly Answer[],
  labels: readonly string[],
): DetectionFigures | undefined {
  const known = answers.filter((a) => a.picture.truth !== undefined);
  const usable = known.filter((a) => !isTurned(a));
  const pictures = usable.map(boxedAnswer);
  const boxes = pictures.reduce((sum, p) => sum + p.truth.length, 0);
  if (boxes === 0) return undefined;
  const rankings = labels.map((label) => rankDetections(pictures, label));
  const byBrand = new Map<string, number>();
  labels.forEach((label, i) => {
    const value = averagePrecision(rankings[i]!);
    if (!Number.isNaN(value)) byBrand.set(label, value);
  });
  return {
    map50: bootstrapWeights(pictures.length, (weights) => meanAveragePrecision(rankings, weights)),
    pictures: pictures.length,
    boxes,
    byBrand,
    curve: precisionCurve(pooled(rankings)),
    turned: known.length - usable.length,
  };
}

function boxedAnswer({ picture, detections }: Answer): BoxedAnswer {
  const { width, height, boxes } = picture.truth!;
  const truth = boxes.map(({ label, box }) => ({ label, box: relativeBox(box, width, height) }));
  return { truth, detections: detections as Detection[] };
}

function isTurned({ picture, width }: Answer): boolean {
  const truth = picture.truth!;
  return truth.boxes.length > 0 && truth.width !== width;
}

function pooled(rankings: readonly Ranking[]): Ranking {
  const truths = rankings[0]!.truths.map((_, i) => rankings.reduce((sum, r) => sum + r.truths[i]!, 0));
  return { ranked: rankings.flatMap((r) => r.ranked).sort((a, b) => b.score - a.score), truths };
}
