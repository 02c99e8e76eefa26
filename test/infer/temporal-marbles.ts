import type { Appearance } from '../../src/core/appearance.js';
import type { Detection, DetectionRecord } from '../../src/core/detection.js';
import type { GapReason } from '../../src/core/frame.js';
import type { Box } from '../../src/core/geometry.js';
import {
  reduceAppearances,
  TEMPORAL_DEFAULTS,
  type TemporalParameters,
} from '../../src/infer/temporal/appearance-reducer.js';
import { initialState, type TemporalState } from '../../src/infer/temporal/state.js';

export const CORNER: Box = [0.85, 0.05, 0.1, 0.06];
export const MIDDLE: Box = [0.4, 0.4, 0.2, 0.12];
export const EPOCH_MS = Date.UTC(2026, 0, 1);

export const found = (label: string, box: Box = CORNER, llr = 5): Detection => ({
  label,
  llr,
  confident: llr > 1,
  score: 1 / (1 + Math.exp(4 - llr)),
  box,
});

export interface MarbleOptions {
  readonly intervalMs?: number;
  readonly session?: string;
  readonly streamId?: string;
  readonly startMs?: number;
  readonly startSeq?: number;
  /** Detections of other letters. */
  readonly frames?: Readonly<Record<string, readonly Detection[]>>;
}

/**
 * One character a sampled frame: `-` nothing found, `a` `b` a brand in the corner, `2` brand a twice, `.` a frame
 * that was dropped, `x` the first of a new shot with nothing found; and between frames: `(` session opened,
 * `!` connection lost, `|` the file ended, `s` stopped, `g` a gap of unknown length.
 */
export function marbles(text: string, options: MarbleOptions = {}): DetectionRecord[] {
  const intervalMs = options.intervalMs ?? 200;
  const session = options.session ?? 's1';
  const streamId = options.streamId ?? 'tv';
  let seq = options.startSeq ?? 0;
  let ptsUs = Math.round((options.startMs ?? 0) * 1000);
  const records: DetectionRecord[] = [];
  const known: Readonly<Record<string, readonly Detection[]>> = {
    '-': [],
    x: [],
    a: [found('a')],
    b: [found('b', MIDDLE)],
    2: [found('a'), found('a', MIDDLE, 4)],
    ...options.frames,
  };
  for (const character of text.replaceAll(' ', '')) {
    const at = { streamId, session, ptsUs, wallTimeMs: EPOCH_MS + ptsUs / 1000, clock: 'arrival' as const };
    const closed = (reason: GapReason | 'stopped', final: boolean) =>
      records.push({ ...at, kind: 'session-closed', reason, final });
    if (character === '(') records.push({ ...at, kind: 'session-opened' });
    else if (character === '!') closed('stalled', false);
    else if (character === '|') closed('ended', true);
    else if (character === 's') closed('stopped', true);
    else if (character === 'g') records.push({ ...at, kind: 'gap', reason: 'pts-jump', missingUs: 0 });
    else {
      const detections = known[character];
      if (detections === undefined && character !== '.') throw new Error(`no frame for ${character}`);
      if (detections !== undefined) {
        const model = { modelId: 'm', modelHash: 'h' };
        const shotCut = character === 'x' || character === 'X';
        records.push({ ...at, ...model, kind: 'detections', seq, ageMs: 10, shotCut, detections });
      }
      seq++;
      ptsUs = Math.round((options.startMs ?? 0) * 1000 + (seq - (options.startSeq ?? 0)) * intervalMs * 1000);
    }
  }
  return records;
}

export function play(
  records: readonly DetectionRecord[],
  parameters: TemporalParameters = TEMPORAL_DEFAULTS,
  state?: TemporalState,
  streamId = 'tv',
): { events: Appearance[]; state: TemporalState } {
  const events: Appearance[] = [];
  let current = state ?? initialState(streamId);
  for (const record of records) {
    const step = reduceAppearances(current, record, parameters);
    current = step.state;
    events.push(...step.events);
  }
  return { events, state: current };
}

/** The last revision of each id: the truth. */
export function truth(events: readonly Appearance[]): Appearance[] {
  return [...new Map(events.map((event) => [event.id, event])).values()];
}

export const spans = (events: readonly Appearance[]) =>
  truth(events).map(
    (e) => `${e.label} ${e.startPtsMs}-${e.endPtsMs} ${e.endReason ?? 'open'} ${e.exposureMs}`,
  );
