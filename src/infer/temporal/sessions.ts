import type { DetectionRecord } from '../../core/detection.js';
import { initialState, type TemporalState } from './state.js';

/** So many sessions are remembered as replaced: an ingest node that comes back brings one. */
const SUPERSEDED_MAX = 8;
/** So many frames of a replaced session without one of its successor between them: it is the one that lives. */
const STRAYS_MAX = 50;

/**
 * Of two nodes that both take a stream for theirs, the one whose session came later in the partition has it: the
 * partition is the only order that all readers share. A session that was never replaced is new, even where nobody
 * saw it open: its opening may be older than the topic keeps.
 */
export function isSuperseded(state: TemporalState, record: DetectionRecord): boolean {
  const { superseded = [], strays = 0 } = state;
  if (!superseded.includes(record.session)) return false;
  // Otherwise one late opening by a node that then stops would silence the stream for good.
  return record.kind !== 'detections' || strays + 1 < STRAYS_MAX;
}

export function withStray(state: TemporalState, { kind }: DetectionRecord): TemporalState {
  return kind === 'detections' ? { ...state, strays: (state.strays ?? 0) + 1 } : state;
}

/** The replaced sessions once `session` has begun, oldest first. */
export function supersededBy(session: string, { session: before, superseded = [] }: TemporalState): string[] {
  const all = before === null ? superseded : [...superseded, before];
  return all.filter((s) => s !== session).slice(-SUPERSEDED_MAX);
}

/** Nothing is known but the session, and which came before it. */
export const startOf = ({ streamId, session, superseded }: TemporalState): TemporalState => ({
  ...initialState(streamId),
  session,
  superseded,
});
