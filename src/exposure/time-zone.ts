import { LogowatchError } from '../core/errors.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** An hour or a day as the clocks of a place have it. */
export interface LocalPart {
  /** ISO 8601: an hour with its offset from UTC, a day as its date. */
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
}

export interface LocalHour extends LocalPart {
  /** 0..23 */
  readonly hourOfDay: number;
}

/** Wall time of one place. Milliseconds are those since the Unix epoch. */
export interface LocalTime {
  readonly timeZone: string;
  hourAt(ms: number): LocalHour;
  /** From midnight to midnight: 23 or 25 hours where clocks are changed. */
  dayAt(ms: number): LocalPart;
  /** The moment at which the clocks show what they show at `localMs` in UTC. */
  instantOf(localMs: number): number;
}

/** @param timeZone IANA name, as Europe/Berlin. Throws usage where there is none of that name. */
export function localTimeOf(timeZone = 'UTC'): LocalTime {
  const offsetAt = offsets(timeZone);
  const instantOf = (localMs: number): number => localMs - offsetAt(localMs - offsetAt(localMs));
  return {
    timeZone,
    instantOf,
    hourAt: (ms) => {
      const offset = offsetAt(ms);
      const local = Math.floor((ms + offset) / HOUR_MS) * HOUR_MS;
      const startMs = local - offset;
      const name = `${isoLocal(local).slice(0, 16)}${offsetText(offset)}`;
      return { name, startMs, endMs: startMs + HOUR_MS, hourOfDay: new Date(local).getUTCHours() };
    },
    dayAt: (ms) => {
      const local = Math.floor((ms + offsetAt(ms)) / DAY_MS) * DAY_MS;
      const name = isoLocal(local).slice(0, 10);
      return { name, startMs: instantOf(local), endMs: instantOf(local + DAY_MS) };
    },
  };
}

/** What clocks show beyond UTC, milliseconds. */
function offsets(timeZone: string): (ms: number) => number {
  if (timeZone === 'UTC') return () => 0;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (cause) {
    throw new LogowatchError('usage', 'There is no such time zone', {
      value: timeZone,
      remedy: 'Give an IANA name, as Europe/Berlin',
      cause,
    });
  }
  return (ms) => {
    const shown: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(ms)) shown[type] = Number(value);
    const { year = 0, month = 1, day, hour, minute, second } = shown;
    const local = Date.UTC(year, month - 1, day, hour, minute, second);
    return local - Math.floor(ms / 1000) * 1000;
  };
}

const isoLocal = (ms: number): string => new Date(ms).toISOString();

function offsetText(offset: number): string {
  const minutes = Math.abs(offset) / 60_000;
  const two = (n: number) => String(Math.trunc(n)).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(minutes / 60)}:${two(minutes % 60)}`;
}
