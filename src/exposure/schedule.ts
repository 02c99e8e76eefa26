import { parse } from 'csv-parse/sync';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { LogowatchError } from '../core/errors.js';
import type { Airing } from './cuts.js';
import { type LocalTime, localTimeOf } from './time-zone.js';
import { parseTime } from './window.js';

/** A programme as written: its place in the file, and its times. */
interface Entry {
  readonly streamId: string;
  readonly title: string;
  readonly where: string;
  readonly startMs: number;
  /** undefined: until the next programme of the stream */
  readonly endMs: number | undefined;
}

/**
 * What was on when: CSV with a head (stream, start, end, title), or XMLTV, which television guides are exchanged in.
 * @param timeZone of times in the CSV that name no offset
 * Errors: usage, naming the line or the programme.
 */
export function parseSchedule(text: string, origin: string, timeZone?: string): Airing[] {
  const entries = text.trimStart().startsWith('<')
    ? fromXmltv(text, origin)
    : fromCsv(text, origin, localTimeOf(timeZone));
  if (entries.length === 0) throw wrong('The schedule holds no programme', origin, WHAT_IT_IS);
  return withEnds(entries, origin);
}

const WHAT_IT_IS = 'Give CSV with the columns stream, start, end and title, or XMLTV';
const COLUMNS = ['stream', 'start', 'end', 'title'] as const;

function fromCsv(text: string, origin: string, local: LocalTime): Entry[] {
  let head: string[] = [];
  const columns = (cells: string[]) => {
    head = cells.map((cell) => cell.trim().toLowerCase());
    return head;
  };
  let rows: { record: Record<string, string>; info: { lines: number } }[];
  try {
    const delimiter = [',', ';', '\t'];
    rows = parse(text, {
      columns,
      bom: true,
      delimiter,
      trim: true,
      skip_empty_lines: true,
      info: true,
    }) as never;
  } catch (cause) {
    throw wrong('The schedule is no CSV', `${origin}: ${(cause as Error).message}`, WHAT_IT_IS, cause);
  }
  const missing = COLUMNS.filter((name) => !head.includes(name));
  if (missing.length > 0)
    throw wrong('The schedule lacks a column', `${origin}: ${missing.join(', ')}`, WHAT_IT_IS);
  return rows.map(({ record, info }) => {
    const where = `${origin}:${info.lines}`;
    const { stream = '', start = '', end = '', title = '' } = record;
    if (stream === '' || title === '')
      throw wrong('A programme has no stream, or no title', where, 'Fill in that line');
    const at = (value: string) => csvTime(value, where, local);
    return { streamId: stream, title, where, startMs: at(start), endMs: end === '' ? undefined : at(end) };
  });
}

function csvTime(value: string, where: string, local: LocalTime): number {
  const ms = parseTime(value, local);
  if (ms !== undefined) return ms;
  throw wrong(
    'A time in the schedule is not understood',
    `${where}: "${value}"`,
    'Write it as 2026-01-31 20:15',
  );
}

interface XmltvText {
  readonly '#text'?: string;
}

interface Xmltv {
  readonly tv?: {
    readonly channel?: readonly {
      readonly '@id'?: string;
      readonly 'display-name'?: readonly (XmltvText | string)[];
    }[];
    readonly programme?: readonly {
      readonly '@start'?: string;
      readonly '@stop'?: string;
      readonly '@channel'?: string;
      readonly title?: readonly (XmltvText | string)[];
    }[];
  };
}

/** A channel is the stream of its id, and of each name that it is shown by. */
function fromXmltv(text: string, origin: string): Entry[] {
  const valid = XMLValidator.validate(text);
  if (valid !== true)
    throw wrong('The schedule is no XML', `${origin}:${valid.err.line}: ${valid.err.msg}`, WHAT_IT_IS);
  const lists = ['channel', 'display-name', 'programme', 'title'];
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '@',
    parseTagValue: false,
    isArray: (name) => lists.includes(name),
  });
  const { tv } = parser.parse(text) as Xmltv;
  if (tv === undefined) throw wrong('The schedule is no XMLTV: it has no <tv>', origin, WHAT_IT_IS);
  const names = new Map<string, Set<string>>();
  for (const channel of tv.channel ?? []) {
    const id = channel['@id'] ?? '';
    const shown = (channel['display-name'] ?? []).map(textOf);
    names.set(id, new Set([id, ...shown]));
  }
  return (tv.programme ?? []).flatMap((programme, i) => {
    const { '@start': start = '', '@stop': stop, '@channel': channel = '' } = programme;
    const title = textOf(programme.title?.[0]);
    const where = `${origin}, programme ${i + 1}`;
    if (channel === '' || title === '')
      throw wrong('A programme has no channel, or no title', where, 'Fill it in');
    const endMs = stop === undefined ? undefined : xmltvTime(stop, where);
    const entry = { title, where, startMs: xmltvTime(start, where), endMs };
    return [...(names.get(channel) ?? [channel])].map((streamId) => ({ streamId, ...entry }));
  });
}

const textOf = (value: XmltvText | string | undefined): string =>
  (typeof value === 'string' ? value : (value?.['#text'] ?? '')).trim();

/** `20260131201500 +0100`; what is left out is zero, and without an offset it is UTC. */
function xmltvTime(value: string, where: string): number {
  const found = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)?(\d\d)?(?:\s+(?:([+-]\d\d)(\d\d)|UTC|GMT|Z))?$/.exec(
    value.trim(),
  );
  const [, year, month, day, hour, minute = '00', second = '00', hours, minutes] = found ?? [];
  const offset = hours === undefined ? 'Z' : `${hours}:${minutes}`;
  const ms =
    found && parseTime(`${year}-${month}-${day}T${hour}:${minute}:${second}${offset}`, localTimeOf());
  if (ms !== undefined && ms !== null) return ms;
  throw wrong(
    'A time in the schedule is not understood',
    `${where}: "${value}"`,
    'XMLTV writes it as 20260131201500 +0100',
  );
}

/** In the order of streams and time; who has no end goes on until the next of the stream. */
function withEnds(entries: readonly Entry[], origin: string): Airing[] {
  const sorted = [...entries].sort((a, b) =>
    a.streamId === b.streamId ? a.startMs - b.startMs : a.streamId < b.streamId ? -1 : 1,
  );
  return sorted.map(({ streamId, title, where, startMs, endMs }, i) => {
    const next = sorted[i + 1];
    const end = endMs ?? (next?.streamId === streamId ? next.startMs : undefined);
    if (end === undefined)
      throw wrong('The last programme of a stream has no end', `${where}: ${title}`, 'Say when it ends');
    if (end <= startMs)
      throw wrong('A programme does not end after it starts', `${where}: ${title}`, 'Mend its times');
    if (next?.streamId === streamId && next.startMs < end)
      throw wrong(
        'Two programmes of a stream are on at once',
        `${where}: "${title}"; ${next.where}: "${next.title}"`,
        `Mend the times in ${origin}`,
      );
    return { streamId, title: plain(title), startTime: iso(startMs), endTime: iso(end) };
  });
}

/** Titles come from elsewhere and are printed: nothing in them may steer a terminal. */
const plain = (text: string): string => text.replace(/\p{Cc}+/gu, ' ').trim();

const iso = (ms: number): string => new Date(ms).toISOString();

function wrong(message: string, value: string, remedy: string, cause?: unknown): LogowatchError {
  return new LogowatchError('usage', message, { value, remedy, ...(cause !== undefined && { cause }) });
}
