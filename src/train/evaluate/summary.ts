import type { ModelInfo } from '../../infer/detector.js';

import { auroc, conformalThreshold } from '../metrics.js';
import { type Answer, bestOf, isRight, reported, topScore } from './answers.js';
import { type DetectionFigures, detectionFigures } from './boxes.js';
import { type BrandFigures, type EvalSummary, FALSE_RATES } from './document.js';
import { WIDTH_BINS } from './frames.js';
import type { EvaluationSet } from './gather.js';
import { bootstrap, type Share, wilsonOf } from './intervals.js';
import { fprAt95, type KnownAnswer, oscr, rightAbove, thresholdAt } from './open-set.js';
import type { PictureKind } from './pictures.js';
import { type Judged, type Reliability, reliability } from './reliability.js';

export interface SummaryInput {
  readonly model: ModelInfo;
  readonly dataset: string;
  readonly set: EvaluationSet;
  readonly answers: readonly Answer[];
  readonly unreadable: readonly string[];
  /** Brand -> the model's own threshold, where known. */
  readonly thresholds: ReadonlyMap<string, number>;
}

export interface Judgement {
  readonly summary: EvalSummary;
  readonly detection: DetectionFigures | undefined;
}

export function ofKind(answers: readonly Answer[], kind: PictureKind): Answer[] {
  return answers.filter((a) => a.picture.kind === kind);
}

export function known(answers: readonly Answer[]): KnownAnswer[] {
  return answers.map((a) => ({ score: topScore(a), right: isRight(a) }));
}

/** All figures of an evaluation. There is a picture of each kind but `frame`. */
export function summarise(input: SummaryInput): Judgement {
  const { model, set, answers } = input;
  const [logos, free, unknown] = [
    ofKind(answers, 'logo'),
    ofKind(answers, 'logo-free'),
    ofKind(answers, 'unknown'),
  ];
  const still = answers.filter((a) => a.picture.kind !== 'frame');
  const detection = detectionFigures(still, model.labels);
  const turned = detection?.turned ?? 0;
  const notes =
    turned === 0
      ? set.notes
      : [...set.notes, `${turned} pictures are to be turned as their files say: their boxes were left out.`];
  const { id, hash, engine, labels } = model;
  const threshold1 = thresholdAt(free.map(topScore), 0.01);
  const summary: EvalSummary = {
    model: { id, hash, engine, labels },
    data: {
      dataset: input.dataset,
      format: set.format,
      logos: logos.length,
      logoFree: free.length,
      unknown: unknown.length,
      frames: ofKind(answers, 'frame').length,
      composed: set.composed,
      excluded: set.excluded,
      unreadable: input.unreadable,
      notes,
    },
    pictures: pictureFigures(logos, free, unknown),
    ownThresholds: {
      rightBrand: wilsonOf(logos, (a) => reported(a).some((l) => a.picture.labels.includes(l))),
      wrongBrand: wilsonOf(logos, (a) => reported(a).some((l) => !a.picture.labels.includes(l))),
      falseLogoFree: wilsonOf(free, (a) => reported(a).length > 0),
      falseUnknown: wilsonOf(unknown, (a) => reported(a).length > 0),
    },
    detection:
      detection === undefined
        ? null
        : { map50: detection.map50, pictures: detection.pictures, boxes: detection.boxes },
    calibration: { bestScore: bestScoreReliability(still), evenOdds: evenOddsReliability(still, labels) },
    frames: frameFigures(answers, free.map(topScore)),
    brands: labels.map((label) => brandFigures(label, input, threshold1, detection)),
  };
  return { summary, detection };
}

function pictureFigures(logos: Answer[], free: Answer[], unknown: Answer[]): EvalSummary['pictures'] {
  const positive = known(logos);
  const negative = free.map(topScore);
  const others = unknown.map(topScore);
  const scores = (answers: readonly KnownAnswer[]): number[] => answers.map((a) => a.score);
  return {
    auroc: bootstrap(positive, negative, (p, n) => auroc(scores(p), n)),
    fprAt95Tpr: bootstrap(positive, negative, (p, n) => fprAt95(scores(p), n)),
    rightBrand: wilsonOf(positive, (p) => p.right),
    operatingPoints: FALSE_RATES.map((falseRate) => {
      const threshold = thresholdAt(negative, falseRate);
      return {
        falseRate,
        threshold,
        conformalThreshold: conformalThreshold(
          negative.toSorted((a, b) => a - b),
          falseRate,
        ),
        rightBrand: bootstrap(positive, negative, (p, n) => rightAbove(p, thresholdAt(n, falseRate))),
        unknownReported: wilsonOf(others, (v) => v > threshold),
      };
    }),
    oscr: { logoFree: bootstrap(positive, negative, oscr), unknown: bootstrap(positive, others, oscr) },
  };
}

function bestScoreReliability(answers: readonly Answer[]): Reliability {
  return reliability(answers.map((a) => ({ probability: topScore(a), hit: isRight(a) })));
}

function evenOddsReliability(answers: readonly Answer[], labels: readonly string[]): Reliability {
  const pairs = answers.flatMap((answer) =>
    labels.flatMap((label): Judged[] => {
      const best = bestOf(answer, label);
      if (best === undefined) return [];
      return [{ probability: 1 / (1 + Math.exp(-best.llr)), hit: answer.picture.labels.includes(label) }];
    }),
  );
  const hits = pairs.filter((p) => p.hit).length;
  return reliability(pairs.map((p) => ({ ...p, weight: 1 / (p.hit ? hits : pairs.length - hits) })));
}

function frameFigures(answers: readonly Answer[], negative: readonly number[]): EvalSummary['frames'] {
  const frames = answers.filter((a) => a.picture.logoWidth !== undefined);
  if (frames.length === 0) return null;
  const thresholds = FALSE_RATES.map((rate) => thresholdAt(negative, rate));
  const bins = WIDTH_BINS.slice(0, -1).map((low, i) => {
    const high = WIDTH_BINS[i + 1]!;
    const inside = frames.filter((a) => a.picture.logoWidth! >= low && a.picture.logoWidth! < high);
    const right = thresholds.map((t) => wilsonOf(inside, (a) => isRight(a) && topScore(a) > t));
    return { low, high, count: inside.length, right };
  });
  return { count: frames.length, bins };
}

function brandFigures(
  label: string,
  { answers, thresholds }: SummaryInput,
  threshold1: number,
  detection: DetectionFigures | undefined,
): BrandFigures {
  const holds = (a: Answer): boolean => a.picture.labels.includes(label);
  const own = ofKind(answers, 'logo').filter(holds);
  const falsely = (kind: PictureKind): number =>
    ofKind(answers, kind).filter((a) => !holds(a) && reported(a).includes(label)).length;
  const recall = (found: (a: Answer) => boolean): Share | null =>
    own.length === 0 ? null : wilsonOf(own, found);
  return {
    label,
    pictures: own.length,
    ap50: detection?.byBrand.get(label) ?? null,
    recallAt1Percent: recall((a) => (bestOf(a, label)?.score ?? 0) > threshold1),
    recallAtOwn: recall((a) => reported(a).includes(label)),
    falseLogoFree: falsely('logo-free'),
    falseUnknown: falsely('unknown'),
    falseOtherBrand: falsely('logo'),
    threshold: thresholds.get(label) ?? null,
  };
}
