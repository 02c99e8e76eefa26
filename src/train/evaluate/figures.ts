import type { BrandFigures, EvalSummary, FrameBin } from './document.js';
import type { Estimate, Share } from './intervals.js';

/** How figures are written for people, in the terminal and on the page alike. */
export const percent = (v: number): string => `${(100 * v).toFixed(Math.abs(v) < 0.0995 ? 1 : 0)} %`;
export const decimal = (v: number): string => v.toFixed(3);
/** A score: as many digits as tell it from 0 and 1. */
export const score = (v: number): string => (v > 0.999 || v < 0.001 ? v.toPrecision(3) : v.toFixed(4));

const range = ({ low, high }: Estimate, write: (v: number) => string): string =>
  Number.isNaN(low) ? '' : `${write(low)} to ${write(high)}`;
const shareRow = (name: string, s: Share): string[] => [
  name,
  percent(s.value),
  range(s, percent),
  `${s.hits} of ${s.count}`,
];
const row = (name: string, e: Estimate, write: (v: number) => string): string[] => [
  name,
  write(e.value),
  range(e, write),
  '',
];

export const FIGURE_HEAD = ['', 'value', '95 % interval', 'pictures'];

/** The figures that a reader should look at first, in that order. */
export function figureRows(s: EvalSummary): string[][] {
  const { pictures, ownThresholds: own } = s;
  const points = pictures.operatingPoints.flatMap((p) => [
    row(`right brand at ${percent(p.falseRate)} false pictures`, p.rightBrand, percent),
    shareRow(`unknown logos reported at ${percent(p.falseRate)}`, p.unknownReported),
  ]);
  return [
    shareRow('at the model’s thresholds: false logo-free pictures', own.falseLogoFree),
    shareRow('  unknown logos reported', own.falseUnknown),
    shareRow('  right brand reported', own.rightBrand),
    shareRow('  a wrong brand reported beside or instead', own.wrongBrand),
    ...points,
    row('logo against logo-free, AUROC', pictures.auroc, decimal),
    row('FPR at 95 % TPR', pictures.fprAt95Tpr, percent),
    shareRow('right brand has the best score', pictures.rightBrand),
    row('OSCR against logo-free', pictures.oscr.logoFree, decimal),
    row('OSCR against unknown logos', pictures.oscr.unknown, decimal),
    ...(s.detection === null ? [] : [row('mAP@0.5, all pictures', s.detection.map50, decimal)]),
    ['calibration error (ECE) of the best score', decimal(s.calibration.bestScore.ece), '', ''],
    ['  of the likelihood ratio at even odds', decimal(s.calibration.evenOdds.ece), '', ''],
  ];
}

export const BRAND_HEAD = [
  'brand',
  'pictures',
  'AP@0.5',
  'recall at 1 %',
  'at own',
  'false: logo-free',
  'unknown',
  'other brand',
  'threshold',
];

export function brandRow(b: BrandFigures): string[] {
  const share = (s: Share | null): string => (s === null ? '-' : percent(s.value));
  return [
    b.label,
    String(b.pictures),
    b.ap50 === null ? '-' : b.ap50.toFixed(2),
    share(b.recallAt1Percent),
    share(b.recallAtOwn),
    String(b.falseLogoFree),
    String(b.falseUnknown),
    String(b.falseOtherBrand),
    b.threshold === null ? '-' : score(b.threshold),
  ];
}

export const FRAME_HEAD = [
  'logo width, share of the frame',
  'frames',
  'right at 1 %',
  '95 %',
  'right at 0.1 %',
  '95 %',
];

export function frameRow(bin: FrameBin): string[] {
  return [
    `${Math.round(100 * bin.low)} to ${Math.round(100 * bin.high)} %`,
    String(bin.count),
    ...bin.right.flatMap((s) => (s.count === 0 ? ['-', ''] : [percent(s.value), range(s, percent)])),
  ];
}

export function describeData({ data, detection }: EvalSummary): string {
  const made = (yes: boolean): string => (yes ? ' (composed)' : '');
  return [
    `${data.format}: ${data.logos} pictures with a logo${made(data.composed.logos)}${detection === null ? '' : `, ${detection.boxes} boxes`}`,
    `${data.logoFree} logo-free${made(data.composed.logoFree)}`,
    `${data.unknown} of unknown logos${made(data.composed.unknown)}`,
    ...(data.frames === 0 ? [] : [`${data.frames} small-logo frames (composed)`]),
  ].join('; ');
}
