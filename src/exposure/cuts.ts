import { LogowatchError } from '../core/errors.js';
import type { LocalTime } from './time-zone.js';
import type { Window } from './window.js';

export const CUTS = ['hour', 'day', 'programme'] as const;
export type CutBy = (typeof CUTS)[number];

/** One airing of a programme on a stream. */
export interface Airing {
  readonly streamId: string;
  readonly title: string;
  /** ISO 8601, with an offset or Z. */
  readonly startTime: string;
  readonly endTime: string;
}

/** A part of a stream's time that has figures of its own. */
export interface Cut {
  readonly by: CutBy;
  /** `2026-01-01T20:00+01:00`, `2026-01-01`, or the programme's title; null: no programme was on. */
  readonly name: string | null;
  /** Of a programme: from its first airing to the end of its last, of those within from and to; ISO 8601, UTC. */
  readonly startTime: string | null;
  readonly endTime: string | null;
  /** How often a programme was on; 1 of hours and days. */
  readonly airings: number;
}

/** The piece of time that a moment lies in; pieces of one key belong to one cut. */
export interface Part {
  readonly key: string | null;
  readonly startMs: number;
  readonly endMs: number;
}

export interface Cutter {
  partAt(ms: number): Part;
  /** @param within what was asked for, as spans are clipped to it */
  describe(part: Part, within: Window): { readonly cut: Cut; readonly spanMs: number | null };
}

export function cutterOf(by: CutBy, streamId: string, local: LocalTime, schedule: readonly Airing[]): Cutter {
  if (by === 'programme') return programmes(schedule.filter((a) => a.streamId === streamId));
  const at = by === 'hour' ? local.hourAt : local.dayAt;
  return {
    partAt: (ms) => {
      const { name, startMs, endMs } = at(ms);
      return { key: name, startMs, endMs };
    },
    describe: (part, within) => {
      const { startMs, endMs } = clip(part, within);
      const cut: Cut = { by, name: part.key, startTime: iso(startMs), endTime: iso(endMs), airings: 1 };
      return { cut, spanMs: endMs - startMs };
    },
  };
}

function programmes(airings: readonly Airing[]): Cutter {
  const parts = airingParts(airings);
  return {
    partAt: (ms) => {
      let [low, high] = [0, parts.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if (parts[middle]!.endMs > ms) high = middle;
        else low = middle + 1;
      }
      const next = parts[low];
      if (next !== undefined && next.startMs <= ms) return next;
      const startMs = parts[low - 1]?.endMs ?? Number.NEGATIVE_INFINITY;
      return { key: null, startMs, endMs: next?.startMs ?? Number.POSITIVE_INFINITY };
    },
    describe: ({ key }, within) => {
      const none: Cut = { by: 'programme', name: null, startTime: null, endTime: null, airings: 0 };
      if (key === null) return { cut: none, spanMs: null };
      const own = parts.filter((p) => p.key === key).map((p) => clip(p, within));
      const shown = own.filter((p) => p.endMs > p.startMs);
      const spanMs = shown.reduce((sum, p) => sum + p.endMs - p.startMs, 0);
      const [startTime, endTime] = [iso(shown[0]!.startMs), iso(shown.at(-1)!.endMs)];
      return { cut: { by: 'programme', name: key, startTime, endTime, airings: shown.length }, spanMs };
    },
  };
}

/** In order. Throws usage where one ends before it starts, or two are on at once. */
function airingParts(airings: readonly Airing[]): Part[] {
  const parts = airings.map((airing) => {
    const part = {
      key: airing.title,
      startMs: Date.parse(airing.startTime),
      endMs: Date.parse(airing.endTime),
    };
    if (part.endMs > part.startMs) return part;
    throw new LogowatchError('usage', 'A programme does not end after it starts', {
      value: `${airing.title}, ${airing.startTime} to ${airing.endTime}`,
      remedy: 'Mend its times in the schedule',
    });
  });
  parts.sort((a, b) => a.startMs - b.startMs);
  parts.forEach((part, i) => {
    const before = parts[i - 1];
    if (before === undefined || before.endMs <= part.startMs) return;
    throw new LogowatchError('usage', 'Two programmes of a stream are on at once', {
      value: `${airings[0]!.streamId}: "${before.key}" until ${iso(before.endMs)}, "${part.key}" from ${iso(part.startMs)}`,
      remedy: 'Let each end where the next starts',
    });
  });
  return parts;
}

const clip = ({ startMs, endMs }: Part, { fromMs, toMs }: Window) => ({
  startMs: Math.max(startMs, fromMs),
  endMs: Math.min(endMs, toMs),
});

const iso = (ms: number): string => new Date(ms).toISOString();
