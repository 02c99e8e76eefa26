import type { Appearance } from '../../src/core/appearance.js';
import { StoreError, type StoreErrorCode } from '../../src/store/errors.js';
import type { Judgement, Verdict } from '../../src/store/store.js';
import { makeEvent } from '../sink/events.js';

/** Appearances that have ended, one every `everyMs`, each half as long; `equal` of them start together. */
export function makeNight(options: { count: number; everyMs: number; equal: number }): Appearance[] {
  const { count, everyMs, equal } = options;
  return Array.from({ length: count }, (_, i) => {
    const startPtsMs = Math.floor(i / equal) * everyMs;
    const startMs = Date.UTC(2026, 0, 1, 20) + startPtsMs;
    const lengthMs = everyMs / 2;
    return makeEvent(`n${String(i).padStart(4, '0')}`, 1, 'ended', {
      startPtsMs,
      endPtsMs: startPtsMs + lengthMs,
      startTime: new Date(startMs).toISOString(),
      endTime: new Date(startMs + lengthMs).toISOString(),
      exposureMs: lengthMs * (0.5 + (i % 5) / 10),
      label: `brand ${i % 3}`,
    });
  });
}

export const judged = (appearanceId: string, verdict: Judgement): Verdict => ({
  appearanceId,
  verdict,
  by: 'ann',
  at: '2026-02-01T10:00:00.000Z',
  note: null,
});

export const isTyped = (error: unknown, code: StoreErrorCode): error is StoreError =>
  error instanceof StoreError && error.code === code;
