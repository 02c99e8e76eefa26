import type { DetectionRecord } from '../../core/detection.js';
import type { SmoothingParameters } from '../../infer/smooth/parameters.js';
import { reduceAppearances } from '../../infer/temporal/appearance-reducer.js';
import { initialState, type TemporalState } from '../../infer/temporal/state.js';
import { TRACKING_DEFAULTS } from '../../infer/track.js';

/** What one stream's evidence did over time, frame by frame, with nothing ever opened. */
export interface EvidenceSeries {
  /** Media time of each frame since the stream's first, microseconds; sessions follow one another. */
  readonly ptsUs: Float64Array;
  /** Label -> the greatest sum of any of its tracks in each frame; 0 where no track could have opened. */
  readonly sums: ReadonlyMap<string, Float32Array>;
  /** Media time observed, microseconds. */
  readonly observedUs: number;
}

/**
 * Plays records (of one stream or more, as the bus delivers them) through the reducer that `watch` uses, with
 * thresholds that nothing reaches, and keeps what the cumulative sums did. Drift comes from `smoothing.onset`.
 */
export function evidenceSeries(
  records: readonly DetectionRecord[],
  labels: readonly string[],
  smoothing: SmoothingParameters,
): EvidenceSeries {
  const onset = Object.fromEntries(
    labels.map((label) => {
      const driftLlr = smoothing.onset[label]?.driftLlr ?? 0;
      return [label, { driftLlr, thresholdLlr: Number.POSITIVE_INFINITY }];
    }),
  );
  const parameters = { smoothing: { ...smoothing, onset }, tracking: TRACKING_DEFAULTS };
  const frames = records.filter((r) => r.kind === 'detections').length;
  const ptsUs = new Float64Array(frames);
  const sums = new Map(labels.map((label) => [label, new Float32Array(frames)]));
  const states = new Map<string, TemporalState>();
  const nominalUs = smoothing.intervalMs * 1000;
  let [frame, offsetUs] = [0, 0];
  for (const record of records) {
    const before = states.get(record.streamId) ?? initialState(record.streamId);
    const { state } = reduceAppearances(before, record, parameters);
    states.set(record.streamId, state);
    if (record.kind !== 'detections') continue;
    const last = before.session === record.session ? before.lastFrame : null;
    const elapsedUs = last === null ? nominalUs : record.ptsUs - last.ptsUs;
    // A hole in the stream is not watched time.
    offsetUs += Math.max(0, Math.min(elapsedUs, smoothing.gapMs * 1000));
    ptsUs[frame] = offsetUs;
    greatestSums(state, sums, frame, smoothing);
    frame++;
  }
  return { ptsUs, sums, observedUs: offsetUs };
}

function greatestSums(
  { tracker, evidence }: TemporalState,
  sums: ReadonlyMap<string, Float32Array>,
  frame: number,
  { minFrames }: SmoothingParameters,
): void {
  for (const { id, label } of tracker.tracks) {
    const series = sums.get(label);
    const own = evidence[id];
    if (series === undefined || own === undefined) continue;
    if (own.cusum.frames < minFrames) continue;
    series[frame] = Math.max(series[frame]!, own.cusum.sum);
  }
}
