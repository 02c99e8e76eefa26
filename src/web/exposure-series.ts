import type { ExposureFacts } from '../exposure/facts.js';
import { brandKey } from '../exposure/report.js';
import { type Segment, timelineOf } from '../exposure/timeline.js';

/** Of one brand, all streams together: seconds seen in each of the buckets. */
export interface BrandSeries {
  readonly label: string;
  readonly seconds: readonly number[];
}

export interface ExposureSeries {
  /** Start of each bucket, seconds since the epoch. */
  readonly times: readonly number[];
  readonly bucketSeconds: number;
  readonly brands: readonly BrandSeries[];
}

export interface TimeRange {
  readonly fromMs: number;
  readonly toMs: number;
}

export const BUCKETS = 48;

/** What was seen in a range of time, in buckets of one length; what reaches over its edges counts with its part inside. */
export function exposureSeries(facts: readonly ExposureFacts[], { fromMs, toMs }: TimeRange): ExposureSeries {
  const inside = facts.flatMap((f) => clipToWall(f, fromMs, toMs) ?? []);
  const lengthMs = (toMs - fromMs) / BUCKETS;
  const lines = new Map<string, Segment[]>();
  const groups = new Map<string, ExposureFacts[]>();
  for (const f of inside) {
    const group = groups.get(brandKey(f));
    if (group === undefined) groups.set(brandKey(f), [f]);
    else group.push(f);
  }
  for (const group of groups.values()) {
    const label = group[0]?.label ?? '';
    lines.set(label, [...(lines.get(label) ?? []), ...timelineOf(group).segments]);
  }
  const brands = [...lines].map(([label, segments]) => {
    const seconds = new Array<number>(BUCKETS).fill(0);
    for (const { startMs, endMs, share } of segments) {
      const last = Math.min(BUCKETS - 1, Math.floor((endMs - fromMs) / lengthMs));
      for (let i = Math.max(0, Math.floor((startMs - fromMs) / lengthMs)); i <= last; i++) {
        const from = Math.max(startMs, fromMs + i * lengthMs);
        const to = Math.min(endMs, fromMs + (i + 1) * lengthMs);
        seconds[i] = (seconds[i] ?? 0) + (share * Math.max(0, to - from)) / 1000;
      }
    }
    return { label, seconds };
  });
  const times = Array.from({ length: BUCKETS }, (_, i) => (fromMs + i * lengthMs) / 1000);
  brands.sort((a, b) => (a.label < b.label ? -1 : 1));
  return { times, bucketSeconds: lengthMs / 1000, brands };
}

/** The part of an appearance between two wall times; as large a share of it was seen as of the whole. */
function clipToWall(facts: ExposureFacts, fromMs: number, toMs: number): ExposureFacts | undefined {
  const startMs = Date.parse(facts.startTime);
  const lengthMs = facts.endPtsMs - facts.startPtsMs;
  const start = Math.max(startMs, fromMs);
  const end = Math.min(startMs + lengthMs, toMs);
  if (start >= end) return undefined;
  if (start === startMs && end === startMs + lengthMs) return facts;
  return {
    ...facts,
    startPtsMs: facts.startPtsMs + start - startMs,
    endPtsMs: facts.startPtsMs + end - startMs,
    startTime: new Date(start).toISOString(),
    exposureMs: (facts.exposureMs * (end - start)) / lengthMs,
  };
}
