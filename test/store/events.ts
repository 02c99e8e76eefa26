import type { Appearance } from '../../src/core/appearance.js';
import type { Random } from '../../src/demo/random.js';
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

/** Appearances of any length and look over two days; many overlap, some of one brand, some start at once. */
export function makeAny(random: Random, count: number): Appearance[] {
  return Array.from({ length: count }, (_, i) => {
    const startPtsMs = 1000 * random.integer(0, 2 * 86_400);
    const lengthMs = random.next() < 0.1 ? 0 : random.between(1, random.next() < 0.2 ? 7_200_000 : 90_000);
    const startMs = Date.UTC(2026, 0, 1, 20) + startPtsMs;
    const [width, height] = [random.next(), random.next()];
    return makeEvent(`any ${i}`, 0, 'ended', {
      streamId: random.pick(['news 1', 'été', "it's"]),
      label: random.pick(['acme', 'Globex "G"', 'hooli\\n', '東京']),
      startPtsMs,
      endPtsMs: startPtsMs + lengthMs,
      startTime: new Date(startMs).toISOString(),
      endTime: new Date(startMs + lengthMs).toISOString(),
      exposureMs: random.next() < 0.1 ? 0 : lengthMs * random.next(),
      coverage: random.next(),
      areaMean: random.next() / 5,
      meanScore: random.next(),
      meanBox: [random.next() * (1 - width), random.next() * (1 - height), width, height],
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
