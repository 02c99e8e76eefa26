import type { LookedAt } from '../../src/bus/tapped.js';
import { clipSchema } from '../../src/evidence/config.js';
import { appearance, lookedAt } from '../web/support.js';

export const [START, END] = [4_000, 8_000];
export const event = (more: object = {}) => appearance(1, { startPtsMs: START, endPtsMs: END, ...more });
export const ended = (more: object = {}) =>
  event({ revision: 1, state: 'ended', endReason: 'gone', ...more });

/** A frame as bright as its time in tenths of a second, or of noise. */
export function frameAt(ptsMs: number, { noise = false, streamId = 'news', session = 's1' } = {}): LookedAt {
  const looked = lookedAt({ streamId, session, ptsMs }, ptsMs < START ? [] : [{}]);
  const data = new Uint8Array(looked.frame.data.length).fill(ptsMs / 100);
  let x = ptsMs;
  if (noise)
    for (let i = 0; i < data.length; i++) {
      x = (x * 1103515245 + 12345) % 2 ** 31;
      data[i] = x >> 16;
    }
  return { ...looked, frame: { ...looked.frame, data } };
}

/** Frames from one time to another, five a second; waits as a detector would. */
export async function show(see: (looked: LookedAt) => void, fromMs: number, toMs: number, more: object = {}) {
  for (let ptsMs = fromMs; ptsMs <= toMs; ptsMs += 200) {
    see(frameAt(ptsMs, more));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const section = (more: object = {}) => ({ ...clipSchema.parse({}), ...more });
