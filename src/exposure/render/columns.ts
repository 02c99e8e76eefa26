import type { ExposureAnalysis } from '../analysis.js';
import type { BrandFigures, ExposureScope } from '../figures.js';

export type Cell = string | number | null;
/** Of a column: `moment` is ISO 8601 in UTC, `share` 0..1, `index` 0..100. */
export type Kind = 'text' | 'count' | 'seconds' | 'share' | 'index' | 'money' | 'moment';

/** A figure of a brand in a scope, as tables, CSV and workbooks have it. */
export interface Column {
  readonly name: string;
  readonly kind: Kind;
  readonly value: (scope: ExposureScope, brand: BrandFigures) => Cell;
}

/** Every column, in order; those of size bands and of money depend on what was counted with. */
export function columnsOf(analysis: ExposureAnalysis): Column[] {
  return [
    ...whereColumns(),
    ...exposureColumns(),
    ...bandColumns(analysis),
    ...qualityColumns(analysis),
    ...whenColumns(),
  ];
}

function whereColumns(): Column[] {
  return [
    text('scope', ({ streamId, cut }) => cut?.by ?? (streamId === null ? 'all' : 'stream')),
    text('stream', ({ streamId }) => streamId),
    text('cut', ({ cut }) => cut?.name ?? null),
    moment('cut_start', ({ cut }) => cut?.startTime ?? null),
    moment('cut_end', ({ cut }) => cut?.endTime ?? null),
    text('brand', (_, { label }) => label),
  ];
}

function exposureColumns(): Column[] {
  return [
    { name: 'appearances', kind: 'count', value: (_, b) => b.appearances },
    seconds('exposure_s', (_, b) => b.exposureMs),
    share('share_of_voice', (_, b) => b.shareOfVoice),
    seconds('solus_s', (_, b) => b.solusMs),
    seconds('shared_s', (_, b) => b.sharedMs),
    seconds('with_one_other_s', (_, b) => b.simultaneousMs[1] ?? 0),
    seconds('with_more_others_s', (_, b) => b.simultaneousMs[2] ?? 0),
  ];
}

const POSITIONS = ['top', 'middle', 'bottom'].flatMap((row) =>
  ['left', 'centre', 'right'].map((c) => `${row}_${c}`),
);

function bandColumns({ settings }: ExposureAnalysis): Column[] {
  return [
    ...bandNames(settings.bands).map((name, i) => seconds(`size ${name} (s)`, (_, b) => b.bandsMs[i] ?? 0)),
    ...POSITIONS.map((name, i) => seconds(`${name}_s`, (_, b) => b.positionMs[i] ?? 0)),
  ];
}

function qualityColumns({ currency }: ExposureAnalysis): Column[] {
  const money: Column[] =
    currency === null
      ? []
      : [
          { name: `value_gross_${currency}`, kind: 'money', value: (_, b) => b.mediaValue?.gross ?? null },
          {
            name: `value_quality_${currency}`,
            kind: 'money',
            value: (_, b) => b.mediaValue?.qualityWeighted ?? null,
          },
          seconds('rated_s', (_, b) => b.mediaValue?.ratedMs ?? null),
        ];
  return [
    share('area_mean', (_, b) => b.areaMean),
    share('centrality', (_, b) => b.centrality),
    share('clarity', (_, b) => b.clarity),
    { name: 'quality_index', kind: 'index', value: (_, b) => b.qualityIndex },
    seconds('quality_s', (_, b) => b.qualityMs),
    ...money,
  ];
}

function whenColumns(): Column[] {
  return [
    share('coverage', (_, b) => b.coverage),
    share('observed_share', ({ observedShare }) => observedShare),
    moment('first', (_, b) => b.first),
    moment('last', (_, b) => b.last),
  ];
}

/** `< 2.5 %`, `2.5-5 %`, ..., `>= 10 %`: one more than there are edges. */
export function bandNames(edges: readonly number[]): string[] {
  const percent = (edge: number) => String(Number((100 * edge).toPrecision(6)));
  const between = edges.slice(1).map((edge, i) => `${percent(edges[i]!)}-${percent(edge)} %`);
  return [`< ${percent(edges[0]!)} %`, ...between, `>= ${percent(edges.at(-1)!)} %`];
}

/** All streams, then each, then each part of each. */
export const scopesOf = ({ all, streams, cuts }: ExposureAnalysis): ExposureScope[] => [
  all,
  ...streams,
  ...cuts,
];

type Value = Column['value'];
const text = (name: string, value: Value): Column => ({ name, kind: 'text', value });
const share = (name: string, value: Value): Column => ({ name, kind: 'share', value });
const moment = (name: string, value: Value): Column => ({ name, kind: 'moment', value });
const seconds = (name: string, ms: (scope: ExposureScope, brand: BrandFigures) => number | null): Column => ({
  name,
  kind: 'seconds',
  value: (scope, brand) => {
    const value = ms(scope, brand);
    return value === null ? null : value / 1000;
  },
});
