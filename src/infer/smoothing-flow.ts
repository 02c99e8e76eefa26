import type { Batch, Bus, OutgoingRecord } from '../bus/bus.js';
import { committed } from '../bus/committed.js';
import { topics } from '../bus/topics.js';
import type { Appearance } from '../core/appearance.js';
import type { DetectionRecord } from '../core/detection.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { Tracer } from '../telemetry/tracer.js';
import { SMOOTHING_DEFAULTS, type SmoothingParameters } from './smooth/parameters.js';
import { reduceAppearances, type TemporalParameters } from './temporal/appearance-reducer.js';
import { initialState } from './temporal/state.js';
import { EventTraces, type TracedState } from './traced-state.js';
import { TRACKING_DEFAULTS, type TrackingParameters } from './track.js';
import { unlessAborted } from './unless-aborted.js';

/** Records that are reduced and committed together. */
const RECORDS_MAX = 64;

export interface SmoothingRun {
  readonly bus: Bus;
  readonly telemetry: Telemetry;
  readonly signal?: AbortSignal;
  /** For all streams, or by stream id; what is not given has its default. */
  readonly parameters?: Partial<SmoothingParameters> | ((streamId: string) => Partial<SmoothingParameters>);
  readonly tracking?: Partial<TrackingParameters>;
}

/**
 * Detections in, revisions of appearances out. Resolves when `detections` has ended and is drained, and ends
 * `appearances`. What is open then stays so: it is facts that close appearances.
 */
export async function runSmoothing(run: SmoothingRun): Promise<void> {
  const { bus, telemetry, signal } = run;
  const parameters = parametersOf(run);
  const batches = bus.subscribe(topics.detections, {
    group: 'smooth',
    maxRecords: RECORDS_MAX,
    state: topics.states,
    ...(signal && { signal }),
  });
  try {
    for await (const batch of batches) {
      const { records, states, strays } = reduceBatch(batch, parameters, telemetry.tracer);
      const outputs = [
        { topic: topics.appearances, records },
        { topic: topics.states, records: states },
      ];
      if (!(await committed(unlessAborted(batch.commit(outputs), signal)))) continue;
      for (const { value } of records) {
        const { streamId, label, state } = value;
        telemetry.emit({ type: 'appearance', streamId, label, state });
      }
      for (const [streamId, count] of strays)
        telemetry.emit({ type: 'frames-dropped', streamId, count, reason: 'superseded' });
    }
  } finally {
    await bus.end(topics.appearances);
  }
}

interface Reduced {
  readonly records: OutgoingRecord<Appearance>[];
  /** What is known of each stream after the batch; null of one that is over. */
  readonly states: OutgoingRecord<TracedState | null>[];
  /** Frames of sessions that were replaced, by stream. */
  readonly strays: ReadonlyMap<string, number>;
}

function reduceBatch(
  batch: Batch<DetectionRecord>,
  parameters: (streamId: string) => TemporalParameters,
  tracer: Tracer | undefined,
): Reduced {
  const records: OutgoingRecord<Appearance>[] = [];
  const states = new Map<string, TracedState | null>();
  const strays = new Map<string, number>();
  for (const { key, value, headers } of batch.records) {
    const known = states.has(key) ? states.get(key) : (batch.state(key) as TracedState | undefined);
    const startMs = Date.now();
    const step = reduceAppearances(known ?? initialState(key), value, parameters(key));
    const traces = new EventTraces(tracer, known ?? undefined);
    for (const event of step.events) {
      const trace = traces.of(event, headers, startMs);
      records.push({ key, value: event, ...(trace && { headers: trace }) });
    }
    if (step.superseded && value.kind === 'detections') strays.set(key, (strays.get(key) ?? 0) + 1);
    const isOver = value.kind === 'session-closed' && value.final && !step.superseded;
    states.set(key, isOver ? null : traces.keep(step.state));
  }
  return { records, states: [...states].map(([key, value]) => ({ key, value })), strays };
}

/** Merged once a stream. */
function parametersOf({ parameters = {}, tracking }: SmoothingRun): (streamId: string) => TemporalParameters {
  const merge = (own: Partial<SmoothingParameters>): TemporalParameters => ({
    smoothing: { ...SMOOTHING_DEFAULTS, ...own },
    tracking: { ...TRACKING_DEFAULTS, ...tracking },
  });
  if (typeof parameters !== 'function') {
    const same = merge(parameters);
    return () => same;
  }
  const known = new Map<string, TemporalParameters>();
  return (streamId) => {
    const merged = known.get(streamId) ?? merge(parameters(streamId));
    known.set(streamId, merged);
    return merged;
  };
}
