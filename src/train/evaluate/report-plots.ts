import { type Answer, topScore } from './answers.js';
import { type PrecisionPoint, precisionCurve } from './average-precision.js';
import type { DetectionFigures } from './boxes.js';
import { type EvalSummary, FALSE_RATES } from './document.js';
import { rocCurve } from './open-set.js';
import { linearAxis, logShareAxis, plot, scoreAxis, scoreHistogram, shareAxis } from './plots.js';
import type { Reliability } from './reliability.js';
import { known, ofKind } from './summary.js';

const [BLUE, ORANGE, GREEN, GREY] = ['var(--a)', 'var(--b)', 'var(--c)', '#8888'];
const DECADES_MAX = 4;

export function reportPlots(
  summary: EvalSummary,
  answers: readonly Answer[],
  detection: DetectionFigures | undefined,
): string[] {
  const logos = ofKind(answers, 'logo');
  const free = ofKind(answers, 'logo-free').map(topScore);
  const unknown = ofKind(answers, 'unknown').map(topScore);
  const { bestScore, evenOdds } = summary.calibration;
  return [
    rocPlot(logos, free, unknown),
    precisionPlot(logos, [...free, ...unknown], detection),
    histogramPlot(logos.map(topScore), free, unknown),
    reliabilityPlot('Reliability of the best score, in this mix of pictures', bestScore),
    reliabilityPlot('Reliability of the likelihood ratio, at even odds', evenOdds),
    ...(summary.frames === null ? [] : [framesPlot(summary.frames)]),
  ];
}

function rocPlot(logos: readonly Answer[], free: readonly number[], unknown: readonly number[]): string {
  const all = logos.map(topScore);
  const right = known(logos).flatMap((k) => (k.right ? [k.score] : []));
  const points = (negative: readonly number[], positive: readonly number[]) =>
    rocCurve(positive, negative, logos.length).map((p) => ({ x: p.falseRate, y: p.trueRate }));
  const decades = Math.min(DECADES_MAX, Math.max(1, Math.ceil(Math.log10(free.length))));
  return plot('ROC', logShareAxis('false pictures (logarithmic)', decades), shareAxis('logo pictures'), [
    { name: 'any brand, against logo-free', colour: GREY, points: points(free, all) },
    { name: 'right brand, against logo-free', colour: BLUE, points: points(free, right) },
    { name: 'right brand, against unknown logos', colour: ORANGE, points: points(unknown, right) },
  ]);
}

/** Boxes where there are any; else pictures, whose precision hangs on how many of each kind there are. */
function precisionPlot(
  logos: readonly Answer[],
  negative: readonly number[],
  detection: DetectionFigures | undefined,
): string {
  const axes = [shareAxis('recall'), shareAxis('precision')] as const;
  const points = (curve: readonly PrecisionPoint[]) => curve.map((p) => ({ x: p.recall, y: p.precision }));
  if (detection !== undefined)
    return plot('Precision and recall of boxes, IoU 0.5', ...axes, [
      { name: 'all brands, all pictures', colour: BLUE, points: points(detection.curve) },
    ]);
  const judged = [...known(logos), ...negative.map((score) => ({ score, right: false }))];
  const ranked = judged
    .map(({ score, right }, picture) => ({ score, hit: right, picture }))
    .sort((a, b) => b.score - a.score);
  const truths = judged.map((_, i) => (i < logos.length ? 1 : 0));
  return plot('Precision and recall of pictures', ...axes, [
    {
      name: 'right brand has the best score',
      colour: BLUE,
      points: points(precisionCurve({ ranked, truths })),
    },
  ]);
}

function histogramPlot(logo: readonly number[], free: readonly number[], unknown: readonly number[]): string {
  const groups = [
    { name: 'logo', colour: BLUE, points: scoreHistogram(logo) },
    { name: 'unknown logos', colour: ORANGE, points: scoreHistogram(unknown), dashed: true },
    { name: 'logo-free', colour: GREEN, points: scoreHistogram(free) },
  ];
  const most = Math.max(...groups.flatMap((g) => g.points.map((p) => p.y)));
  // A round share above the highest bar.
  const top = Math.ceil(most * 10) / 10;
  const y = linearAxis('share of the kind', 0, top, [0, top / 2, top]);
  return plot('Best score of each picture', scoreAxis('score (by its log odds)'), y, groups);
}

function reliabilityPlot(title: string, { bins, ece }: Reliability): string {
  const points = bins.flatMap(({ stated, observed }) =>
    stated === null || observed === null ? [] : [{ x: stated, y: observed }],
  );
  const diagonal = [
    { x: 0, y: 0 },
    { x: 1, y: 1 },
  ];
  return plot(title, shareAxis('stated'), shareAxis('came true'), [
    { name: 'perfect', colour: GREY, points: diagonal, dashed: true },
    { name: `measured, ECE ${ece.toFixed(3)}`, colour: BLUE, points, dots: true },
  ]);
}

function framesPlot({ bins }: NonNullable<EvalSummary['frames']>): string {
  const middle = (bin: (typeof bins)[number]): number => (bin.low + bin.high) / 2;
  const colours = [BLUE, ORANGE];
  const series = FALSE_RATES.map((rate, i) => ({
    name: `right brand at ${100 * rate} % false pictures, with 95 % intervals`,
    colour: colours[i]!,
    dots: true,
    points: bins
      .filter((bin) => bin.count > 0)
      .map((bin) => {
        const { value, low, high } = bin.right[i]!;
        return { x: middle(bin), y: value, low, high };
      }),
  }));
  const x = linearAxis('logo width, share of the frame', 0, 0.2, [0, 0.05, 0.1, 0.15, 0.2]);
  return plot('Small logos', x, shareAxis('found'), series);
}
