import type { Appearance } from '../core/appearance.js';
import type { AppearanceFacts, Judgement, StoredAppearance, Verdict } from './store.js';

/** Columns and the fields they hold, but for those of `other`. */
const COLUMNS = {
  id: ['id', 'text'],
  revision: ['revision', 'integer'],
  state: ['state', 'text'],
  stream_id: ['streamId', 'text'],
  session: ['session', 'text'],
  label: ['label', 'text'],
  start_time: ['startTime', 'timestamptz'],
  end_time: ['endTime', 'timestamptz'],
  start_pts_ms: ['startPtsMs', 'float8'],
  end_pts_ms: ['endPtsMs', 'float8'],
  clock: ['clock', 'text'],
  end_reason: ['endReason', 'text'],
  score: ['score', 'float8'],
  mean_score: ['meanScore', 'float8'],
  mean_box: ['meanBox', 'float8[]'],
  area_mean: ['areaMean', 'float8'],
  area_max: ['areaMax', 'float8'],
  exposure_ms: ['exposureMs', 'float8'],
  coverage: ['coverage', 'float8'],
  frames: ['frames', 'integer'],
  model_id: ['modelId', 'text'],
  model_hash: ['modelHash', 'text'],
} as const satisfies Record<string, readonly [keyof AppearanceFacts, string]>;

const columns = Object.keys(COLUMNS);
const fields = new Set<string>(Object.values(COLUMNS).map(([field]) => field));

/** $1: a JSON array of `rowOf`. Only a higher revision changes what is there. */
export const UPSERT = `
INSERT INTO logowatch.appearances AS a (${columns.join(', ')}, other)
SELECT ${columns.join(', ')}, other
FROM json_to_recordset($1::json) AS given(${Object.entries(COLUMNS)
  .map(([column, [, type]]) => `${column} ${type}`)
  .join(', ')}, other jsonb)
ON CONFLICT (id) DO UPDATE SET ${[...columns.slice(1), 'other'].map((c) => `${c} = excluded.${c}`).join(', ')}
WHERE excluded.revision > a.revision`;

/** Numbers of milliseconds since the epoch are cheaper than dates. */
const selected = (column: string): string =>
  column.endsWith('_time') ? `date_part('epoch', a.${column}) * 1000 AS ${column}` : `a.${column}`;

export const FACTS = columns.map(selected).join(', ');
export const WHOLE = `${FACTS}, a.other, v.verdict, v.judged_by, date_part('epoch', v.judged_at) * 1000 AS judged_at, v.note`;

export type FactsRow = Readonly<Record<string, unknown>> & {
  readonly id: string;
  readonly start_time: number;
};
export type WholeRow = FactsRow & {
  readonly other: Readonly<Record<string, unknown>>;
  readonly verdict: Judgement | null;
  readonly judged_by: string | null;
  readonly judged_at: number | null;
  readonly note: string | null;
};

export function rowOf(event: Appearance): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (const [column, [field]] of Object.entries(COLUMNS)) row[column] = event[field];
  row.other = Object.fromEntries(Object.entries(event).filter(([field]) => !fields.has(field)));
  return row;
}

export function factsOf(row: FactsRow): AppearanceFacts {
  const facts: Record<string, unknown> = {};
  for (const [column, [field, type]] of Object.entries(COLUMNS))
    facts[field] = type === 'timestamptz' ? isoTime(row[column] as number) : row[column];
  return facts as unknown as AppearanceFacts;
}

export function appearanceOf(row: WholeRow): StoredAppearance {
  const { id, verdict, judged_by: by, judged_at: at, note } = row;
  const judged: Verdict | null =
    verdict === null ? null : { appearanceId: id, verdict, by: by ?? '', at: isoTime(at ?? 0), note };
  return { ...factsOf(row), ...row.other, verdict: judged } as unknown as StoredAppearance;
}

export const isoTime = (ms: number): string => new Date(Math.round(ms)).toISOString();
