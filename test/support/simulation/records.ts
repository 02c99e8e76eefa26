import type { DetectionRecord } from '../../../src/core/detection.js';
import { found, marbles } from '../../infer/temporal-marbles.js';
import type { ToAppend } from './cluster.js';
import type { Random } from './machine.js';

/** Now and then a record is there twice, as a producer without idempotence leaves it. */
export function toAppend(
  record: DetectionRecord,
  partitionOf: (key: string) => number,
  random: Random,
): ToAppend[] {
  const { streamId } = record;
  const message: ToAppend = {
    topic: 'detections',
    partition: partitionOf(streamId),
    key: streamId,
    value: Buffer.from(JSON.stringify(record)),
    headers: {},
  };
  return record.kind === 'detections' && random() < 0.05 ? [message, message] : [message];
}

/** Two sessions with everything that happens to streams, clocks that jump included. */
export function randomRecords(random: Random, streamId: string): DetectionRecord[] {
  const intervalMs = 100 + random() * 200;
  const records: DetectionRecord[] = [];
  for (let session = 0; session < 2; session++) {
    let [text, on] = ['(', false];
    for (let i = 0; i < 60; i++) {
      if (random() < 0.08) on = !on;
      const other = '-2bx.w'[Math.floor(random() * 6)]!;
      text += random() < 0.2 ? other : on ? 'a' : '-';
    }
    const frames = { w: [found('a', [random() / 2, random() / 2, 0.1, 0.1], 6 * random() - 3)] };
    records.push(
      ...marbles(`${text}${'!|'[session]}`, {
        streamId,
        session: `${streamId}-${session}`,
        intervalMs,
        frames,
      }),
    );
  }
  let offMs = 0;
  return records.map((record) => {
    if (random() < 0.02) offMs = (random() - 0.5) * 7_200_000;
    return { ...record, wallTimeMs: record.wallTimeMs + offMs };
  });
}

export function randomOf(seed: number): Random {
  let s = (seed * 2_654_435_761) >>> 0;
  return () => {
    s = (s + 0x6d2b79f5) >>> 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
