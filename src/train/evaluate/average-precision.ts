import type { Detection } from '../../core/detection.js';
import { iou } from '../../core/geometry.js';
import type { LabelledBox } from '../datasets/dataset.js';

export const MATCH_IOU = 0.5;

/** A picture whose boxes are known; none for a picture without a logo. */
export interface BoxedAnswer {
  readonly truth: readonly LabelledBox[];
  /** In the unit of the truth. */
  readonly detections: readonly Pick<Detection, 'label' | 'score' | 'box'>[];
}

/** A detection, judged. */
export interface Ranked {
  readonly score: number;
  readonly hit: boolean;
  /** Index of its picture. */
  readonly picture: number;
}

export interface Ranking {
  /** By falling score. */
  readonly ranked: readonly Ranked[];
  /** Boxes to be found, a picture each. */
  readonly truths: readonly number[];
}

/**
 * Judges a brand's detections as COCO does: in each picture by falling score, each takes the free box of the brand that
 * it overlaps most, from an IoU of 0.5; what finds none is a false alarm, in pictures without the brand too.
 */
export function rankDetections(pictures: readonly BoxedAnswer[], label: string): Ranking {
  const ranked: Ranked[] = [];
  const truths = pictures.map(({ truth, detections }, picture) => {
    const free = truth.filter((t) => t.label === label).map((t) => t.box);
    const count = free.length;
    const own = detections.filter((d) => d.label === label).sort((a, b) => b.score - a.score);
    for (const { score, box } of own) {
      const overlaps = free.map((f) => iou(f, box));
      const best = overlaps.indexOf(Math.max(...overlaps));
      const hit = best >= 0 && overlaps[best]! >= MATCH_IOU;
      if (hit) free.splice(best, 1);
      ranked.push({ score, hit, picture });
    }
    return count;
  });
  return { ranked: ranked.sort((a, b) => b.score - a.score), truths };
}

export interface PrecisionPoint {
  readonly recall: number;
  readonly precision: number;
  readonly score: number;
}

/**
 * Precision and recall at each score, falling; equal scores enter together, since their order says nothing.
 * `weights` counts each picture so many times (for the bootstrap).
 */
export function precisionCurve({ ranked, truths }: Ranking, weights?: Float64Array): PrecisionPoint[] {
  const weight = (picture: number): number => weights?.[picture] ?? 1;
  const total = truths.reduce((sum, count, picture) => sum + count * weight(picture), 0);
  const points: PrecisionPoint[] = [];
  let [hits, all] = [0, 0];
  ranked.forEach(({ score, hit, picture }, i) => {
    const w = weight(picture);
    all += w;
    if (hit) hits += w;
    if (all > 0 && ranked[i + 1]?.score !== score)
      points.push({ recall: hits / total, precision: hits / all, score });
  });
  return points;
}

/**
 * Area under the precision-recall curve, with precision made falling from the right (all points, as PASCAL VOC since
 * 2010). NaN where there is nothing to find.
 */
export function averagePrecision(ranking: Ranking, weights?: Float64Array): number {
  const points = precisionCurve(ranking, weights);
  const nothing = ranking.truths.every((count, picture) => count * (weights?.[picture] ?? 1) === 0);
  if (nothing) return Number.NaN;
  let [area, best] = [0, 0];
  for (let i = points.length - 1; i >= 0; i--) {
    best = Math.max(best, points[i]!.precision);
    area += best * (points[i]!.recall - (points[i - 1]?.recall ?? 0));
  }
  return area;
}

/** Mean over the brands that have a box. */
export function meanAveragePrecision(rankings: readonly Ranking[], weights?: Float64Array): number {
  const each = rankings.map((r) => averagePrecision(r, weights)).filter((v) => !Number.isNaN(v));
  return each.length === 0 ? Number.NaN : each.reduce((a, b) => a + b, 0) / each.length;
}
