import type { ExposureFacts } from '../../src/exposure/facts.js';
import { makeEvent } from '../sink/events.js';

export const EIGHT = Date.parse('2026-01-01T20:00:00.000Z');

/** An appearance from one second to another after eight o'clock, in a session that began at eight. */
export function shown(
  id: string,
  startS: number,
  endS: number,
  over: Partial<ExposureFacts> = {},
): ExposureFacts {
  return makeEvent(id, 0, 'ended', {
    streamId: 'news',
    startPtsMs: Math.round(startS * 1000),
    endPtsMs: Math.round(endS * 1000),
    startTime: new Date(EIGHT + Math.round(startS * 1000)).toISOString(),
    exposureMs: (endS - startS) * 1000,
    coverage: 1,
    ...over,
  });
}
