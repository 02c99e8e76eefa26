import type { ColumnSource, SchemaElement } from 'hyparquet-writer';
import type { Appearance } from '../../core/appearance.js';
import type { Box } from '../../core/geometry.js';

type Type = 'string' | 'integer' | 'double' | 'time';

interface Column {
  readonly name: string;
  readonly type: Type;
  readonly nullable?: true;
  readonly of: (event: Appearance) => unknown;
}

const string = (name: string, of: Column['of']): Column => ({ name, type: 'string', of });
const integer = (name: string, of: Column['of']): Column => ({ name, type: 'integer', of });
const double = (name: string, of: Column['of']): Column => ({ name, type: 'double', of });
const time = (name: string, of: Column['of']): Column => ({ name, type: 'time', of });
const box = (name: string, of: (event: Appearance) => Box): Column[] =>
  ['x', 'y', 'width', 'height'].map((side, i) =>
    double(`${name}_${side}`, (event) => (of(event) as Box | undefined)?.[i]),
  );

/**
 * The schema of the files, named as the store's columns are. Others read them: a column keeps its name, type and meaning; new
 * ones come last and are nullable.
 */
const COLUMNS: readonly Column[] = [
  string('id', (e) => e.id),
  integer('revision', (e) => e.revision),
  string('state', (e) => e.state),
  string('stream_id', (e) => e.streamId),
  string('session', (e) => e.session),
  string('label', (e) => e.label),
  time('start_time', (e) => e.startTime),
  time('end_time', (e) => e.endTime),
  double('start_pts_ms', (e) => e.startPtsMs),
  double('end_pts_ms', (e) => e.endPtsMs),
  string('clock', (e) => e.clock),
  { ...string('end_reason', (e) => e.endReason), nullable: true },
  double('score', (e) => e.score),
  double('mean_score', (e) => e.meanScore),
  ...box('box', (e) => e.box),
  ...box('first_box', (e) => e.firstBox),
  ...box('mean_box', (e) => e.meanBox),
  double('area_mean', (e) => e.areaMean),
  double('area_max', (e) => e.areaMax),
  double('exposure_ms', (e) => e.exposureMs),
  double('coverage', (e) => e.coverage),
  integer('frames', (e) => e.frames),
  string('model_id', (e) => e.modelId),
  string('model_hash', (e) => e.modelHash),
];

const ELEMENTS: { readonly [T in Type]: Omit<SchemaElement, 'name'> } = {
  string: { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } },
  integer: { type: 'INT32' },
  double: { type: 'DOUBLE' },
  time: {
    type: 'INT64',
    converted_type: 'TIMESTAMP_MILLIS',
    logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
  },
};

export const SCHEMA: SchemaElement[] = [
  { name: 'appearances', num_children: COLUMNS.length },
  ...COLUMNS.map(
    ({ name, type, nullable }): SchemaElement => ({
      name,
      ...ELEMENTS[type],
      repetition_type: nullable ? 'OPTIONAL' : 'REQUIRED',
    }),
  ),
];

const INTEGER_MAX = 2 ** 31;
/** The last millisecond of the year 9999: what comes later is read as another time by some. */
const TIME_MAX = 253_402_300_799_999;

const FITS: { readonly [T in Type]: (value: unknown) => boolean } = {
  string: (value) => typeof value === 'string',
  integer: (value) => Number.isInteger(value) && Math.abs(value as number) < INTEGER_MAX,
  double: (value) => Number.isFinite(value),
  time: (value) => typeof value === 'string' && Math.abs(Date.parse(value)) <= TIME_MAX,
};

/** The column that an event has no right value for, if there is one. */
export function misfit(event: Appearance): string | undefined {
  return COLUMNS.find(({ type, nullable, of }) => !(nullable && of(event) === null) && !FITS[type](of(event)))
    ?.name;
}

/** Rows as columns. Strings are dictionaries, but for ids, of which each has few rows; measured values would gain nothing. */
export function columnsOf(events: readonly Appearance[]): ColumnSource[] {
  return COLUMNS.map(({ name, type, of }): ColumnSource => {
    const values = events.map(of);
    if (type === 'time') return { name, data: values.map((value) => new Date(value as string)) };
    if (type === 'double') return { name, data: values, encoding: 'PLAIN' };
    if (type !== 'string' || name === 'id') return { name, data: values };
    return { name, data: values, encoding: 'RLE_DICTIONARY' };
  });
}
