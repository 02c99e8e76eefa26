import type { Appearance } from '../core/appearance.js';
import type { Detection, DetectionRecord } from '../core/detection.js';
import type { FrameRecord } from '../core/frame.js';
import type { Box } from '../core/geometry.js';

/**
 * Between core values and the records of schemas/: `kind` is the branch of a union, symbols have underscores for
 * hyphens, boxes have names for their sides, ISO times are milliseconds since the epoch. A symbol that a newer
 * writer added reads as `unknown`, and is mapped to the nearest of ours.
 */
type Fields = Readonly<Record<string, unknown>>;
/** avsc's form of a value in a union: its type's full name says which branch. */
type Branch = Readonly<Record<string, Fields>>;

const BRANCHES = {
  frame: 'io.logowatch.Frame',
  detections: 'io.logowatch.FrameDetections',
  'session-opened': 'io.logowatch.SessionOpened',
  gap: 'io.logowatch.StreamGap',
  'session-closed': 'io.logowatch.SessionClosed',
} as const;
const KINDS = new Map<string, string>(Object.entries(BRANCHES).map(([kind, branch]) => [branch, kind]));

const toSymbol = (text: string) => text.replaceAll('-', '_');
const fromSymbol = (symbol: unknown, unknown: string) =>
  symbol === 'unknown' ? unknown : String(symbol).replaceAll('_', '-');
const toBox = ([x, y, width, height]: Box) => ({ x, y, width, height });
const fromBox = (box: unknown): Box => {
  const { x, y, width, height } = box as { x: number; y: number; width: number; height: number };
  return [x, y, width, height];
};

export function streamRecordToAvro(value: FrameRecord | DetectionRecord): { record: Branch } {
  const { kind, ...rest } = value;
  const fields: Record<string, unknown> = {
    ...rest,
    clock: toSymbol(rest.clock),
    wallTimeMs: Math.round(rest.wallTimeMs),
  };
  if ('reason' in rest) fields.reason = toSymbol(rest.reason);
  if ('arrivalMs' in rest) fields.arrivalMs = Math.round(rest.arrivalMs);
  if ('data' in rest) fields.data = bufferOf(rest.data);
  if ('detections' in rest) fields.detections = rest.detections.map((d) => ({ ...d, box: toBox(d.box) }));
  return { record: { [BRANCHES[kind]]: fields } };
}

export function streamRecordFromAvro(value: unknown): FrameRecord | DetectionRecord {
  const { record } = value as { record: Branch };
  const [[branch, own] = ['', {}]] = Object.entries(record);
  const fields: Record<string, unknown> = { kind: KINDS.get(branch), ...own };
  fields.clock = fromSymbol(own.clock, 'arrival');
  if ('reason' in own) fields.reason = fromSymbol(own.reason, 'failed');
  if ('content' in own) fields.content = { ...(own.content as Fields) };
  if ('detections' in own) fields.detections = (own.detections as Fields[]).map(detectionFromAvro);
  return fields as unknown as FrameRecord | DetectionRecord;
}

function detectionFromAvro({ label, score, llr, confident, box }: Fields): Detection {
  return { label, score, llr, confident, box: fromBox(box) } as Detection;
}

export function appearanceToAvro(value: Appearance): Fields {
  return {
    ...value,
    clock: toSymbol(value.clock),
    startTime: Date.parse(value.startTime),
    endTime: Date.parse(value.endTime),
    endReason: value.endReason === null ? null : { 'io.logowatch.EndReason': toSymbol(value.endReason) },
    box: toBox(value.box),
    firstBox: toBox(value.firstBox),
    meanBox: toBox(value.meanBox),
  };
}

export function appearanceFromAvro(value: unknown): Appearance {
  const fields = value as Fields;
  const reason = fields.endReason as Record<string, string> | string | null;
  const symbol = reason !== null && typeof reason === 'object' ? Object.values(reason)[0] : reason;
  return {
    ...fields,
    clock: fromSymbol(fields.clock, 'arrival'),
    state: fromSymbol(fields.state, 'ongoing'),
    startTime: new Date(fields.startTime as number).toISOString(),
    endTime: new Date(fields.endTime as number).toISOString(),
    endReason: symbol === null ? null : fromSymbol(symbol, 'gone'),
    box: fromBox(fields.box),
    firstBox: fromBox(fields.firstBox),
    meanBox: fromBox(fields.meanBox),
  } as unknown as Appearance;
}

function bufferOf(data: Uint8Array): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}
