import type { TemporalCalibration } from '../infer/model/temporal.js';
import { tailRate } from '../infer/smooth/tail.js';
import type { Rise } from '../train/temporal/calibrate-temporal.js';

/** Fewer hours than this over the wanted rate, and the footage alone proves less than was wished (rule of three). */
const HOURS_TO_PROVE = 3;

/** For people: what was watched, each brand's test, and what is known of the rate it gives. */
export function calibrationText(
  t: TemporalCalibration,
  rises: readonly Rise[],
  writtenTo: string | undefined,
): string {
  const lines = [
    `${t.hours.toFixed(2)} h watched: ${t.frames} frames, ${t.blocks} blocks of ${t.blockS} s (evidence correlated over ${t.correlationS.toFixed(1)} s), ${t.peaks} rises of evidence`,
    '',
    row('brand', 'drift', 'threshold', 'rises', 'expected an hour'),
    ...t.brands.map((b) =>
      row(
        b.label,
        b.driftLlr.toFixed(1),
        b.thresholdLlr.toFixed(1),
        String(b.peaks),
        tailRate(b.tail, b.thresholdLlr).toPrecision(2),
      ),
    ),
    '',
    ...(rises.length === 0
      ? []
      : ['Highest rises; check that the logo is not really there:', ...rises.map(riseLine), '']),
    ...knowledge(t),
    writtenTo === undefined
      ? 'Nothing was written.'
      : `Written into ${writtenTo}; watch uses it from now on.`,
  ];
  return `${lines.join('\n')}\n`;
}

function knowledge(t: TemporalCalibration): string[] {
  const [low, high] = t.expectedPerHourInterval.map(rate);
  const needed = HOURS_TO_PROVE / t.falsePerHour;
  const lines = [
    `Expected by the fitted tails: ${rate(t.expectedPerHour)} false appearances an hour (95 % ${low} to ${high}); wanted: ${rate(t.falsePerHour)}.`,
    `On this footage itself: ${t.openings}, which proves no more than at most ${rate(t.provedPerHour)} an hour (95 %).`,
  ];
  if (t.hours < needed)
    lines.push(
      `The wanted rate lies beyond what was watched: the thresholds are extrapolated. ${needed.toFixed(0)} h without any would prove it.`,
    );
  return lines;
}

const row = (label: string, ...cells: string[]): string =>
  [label.slice(0, 24).padEnd(24), ...cells.map((c) => c.padStart(10))].join(' ');

function riseLine({ label, llr, streamId, ptsMs }: Rise): string {
  const time = new Date(ptsMs).toISOString().slice(11, 19);
  return `  ${label} at ${time} of ${streamId} (${llr.toFixed(0)} nats)`;
}

const rate = (value: number): string => (value >= 0.995 ? value.toFixed(1) : value.toPrecision(2));
