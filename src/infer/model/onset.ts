import type { ModelInfo } from '../detector.js';
import type { ModelManifest } from '../manifest.js';
import type { OnsetParameters, SmoothingParameters } from '../smooth/parameters.js';
import { tailLevel } from '../smooth/tail.js';

/** Nats above its level that an uncalibrated brand's evidence has to add up to, over `minFrames` frames at least. */
const UNCALIBRATED_LLR = 2;

/**
 * The smoother's parameters for a model: its calibration, where it has one, under the user's own settings. Another
 * wanted rate than the calibrated one moves each threshold along its brand's tail.
 *
 * Without calibration a frame speaks for a brand only by what it gives beyond the level that training let one logo-free
 * picture in two hundred reach: a look-alike keeps its level for as long as it stands, so sums of weaker evidence
 * would open on it sooner or later. No level lies below the brands' median: see `calibrate` on brands that nothing at
 * hand resembles.
 */
export function smoothingFor(
  { labels, temporal, levels }: Pick<ModelInfo, 'labels' | 'temporal' | 'levels'>,
  own: Partial<SmoothingParameters> = {},
): Partial<SmoothingParameters> {
  // False alarms of all brands share what the user bears, so their number is part of the threshold.
  const brands = labels.length;
  if (temporal === undefined)
    return { brands, ...own, ...(levels && { onset: { ...uncalibrated(levels), ...own.onset } }) };
  const { falsePerHour } = { ...temporal, ...own };
  const onset = Object.fromEntries(
    temporal.brands.map(({ label, driftLlr, thresholdLlr, tail: fitted }) => {
      const same = falsePerHour === temporal.falsePerHour;
      return [
        label,
        { driftLlr, thresholdLlr: same ? thresholdLlr : tailLevel(fitted, falsePerHour / brands) },
      ];
    }),
  );
  const { intervalMs } = temporal;
  return { brands, decorrelationMs: intervalMs, ...own, falsePerHour, onset: { ...onset, ...own.onset } };
}

function uncalibrated(levels: Readonly<Record<string, number>>): Record<string, OnsetParameters> {
  const sorted = Object.values(levels).sort((a, b) => a - b);
  const median = sorted[sorted.length >> 1] ?? 0;
  return Object.fromEntries(
    Object.entries(levels).map(([label, level]) => [
      label,
      { driftLlr: Math.max(0, level, median), thresholdLlr: UNCALIBRATED_LLR },
    ]),
  );
}

/** The evidence at which a frame's detections of each brand are confident, nats. */
export function frameLevels({
  brands,
  priorOdds,
}: Pick<ModelManifest, 'brands' | 'priorOdds'>): Record<string, number> {
  return Object.fromEntries(
    brands.map(({ label, threshold }) => {
      const score = Math.min(1 - 1e-6, Math.max(1e-6, threshold));
      return [label, Math.log(score / (1 - score)) - Math.log(priorOdds)];
    }),
  );
}
