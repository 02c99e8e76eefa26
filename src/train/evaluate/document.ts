import type { ModelInfo } from '../../infer/detector.js';
import type { EvaluationSet } from './gather.js';
import type { Estimate, Share } from './intervals.js';
import type { Reliability } from './reliability.js';

/** Shares of false pictures at which a model is looked at. */
export const FALSE_RATES = [0.01, 0.001] as const;

/** What holds where so many logo-free pictures are let through. */
export interface OperatingPoint {
  readonly falseRate: number;
  /** Reported is what scores above it: the quantile over this evaluation's logo-free pictures. */
  readonly threshold: number;
  /** The score to set so that new pictures of the same kind give no more false ones (conformal: see calibrate). */
  readonly conformalThreshold: number;
  /** Of the pictures with a logo: the best score is the right brand's, and above the threshold. */
  readonly rightBrand: Estimate;
  readonly unknownReported: Share;
}

export interface BrandFigures {
  readonly label: string;
  readonly pictures: number;
  /** null without boxes. */
  readonly ap50: number | null;
  /** Share of its pictures in which its best score is above the threshold of 1 % false pictures; null without any. */
  readonly recallAt1Percent: Share | null;
  readonly recallAtOwn: Share | null;
  /** Pictures in which it is reported at its own threshold although it is not there. */
  readonly falseLogoFree: number;
  readonly falseUnknown: number;
  readonly falseOtherBrand: number;
  /** Its own threshold; null where the model does not say. */
  readonly threshold: number | null;
}

export interface FrameBin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** Of FALSE_RATES, in that order. */
  readonly right: readonly Share[];
}

/** All figures of an evaluation; scores are 0..1. */
export interface EvalSummary {
  readonly model: Pick<ModelInfo, 'id' | 'hash' | 'engine' | 'labels'>;
  readonly data: {
    readonly dataset: string;
    readonly format: string;
    readonly logos: number;
    readonly logoFree: number;
    readonly unknown: number;
    readonly frames: number;
    readonly composed: EvaluationSet['composed'];
    readonly excluded: EvaluationSet['excluded'];
    readonly unreadable: readonly string[];
    readonly notes: readonly string[];
  };
  readonly pictures: {
    readonly auroc: Estimate;
    readonly fprAt95Tpr: Estimate;
    readonly rightBrand: Share;
    readonly operatingPoints: readonly OperatingPoint[];
    readonly oscr: { readonly logoFree: Estimate; readonly unknown: Estimate };
  };
  readonly ownThresholds: {
    /** Of the pictures with a logo: one of their brands is reported; a brand is reported that is not there. */
    readonly rightBrand: Share;
    readonly wrongBrand: Share;
    readonly falseLogoFree: Share;
    readonly falseUnknown: Share;
  };
  readonly detection: {
    readonly map50: Estimate;
    readonly pictures: number;
    readonly boxes: number;
  } | null;
  readonly calibration: {
    /** The best score of each picture as a probability that this brand is in it, in this mix of pictures. */
    readonly bestScore: Reliability;
    /** The likelihood ratios alone, with pictures that hold the brand and that do not weighing the same. */
    readonly evenOdds: Reliability;
  };
  readonly frames: { readonly count: number; readonly bins: readonly FrameBin[] } | null;
  readonly brands: readonly BrandFigures[];
}
