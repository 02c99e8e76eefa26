import { escapeHtml } from '../html.js';

/** Maps values to 0..1 along an axis; values beyond its ends are put at them. */
export interface Axis {
  readonly label: string;
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
  place(value: number): number;
}

export interface PlotPoint {
  readonly x: number;
  readonly y: number;
  /** Interval of y. */
  readonly low?: number;
  readonly high?: number;
}

export interface Series {
  readonly name: string;
  /** CSS colour. */
  readonly colour: string;
  readonly points: readonly PlotPoint[];
  /** Also a dot at each point. */
  readonly dots?: boolean;
  readonly dashed?: boolean;
}

const clamp = (v: number): number => Math.min(1, Math.max(0, v));

export function linearAxis(label: string, low: number, high: number, ticks: readonly number[]): Axis {
  const text = (v: number): string => String(Number(v.toPrecision(3)));
  return {
    label,
    ticks: ticks.map((at) => ({ at, text: text(at) })),
    place: (v) => clamp((v - low) / (high - low)),
  };
}

export const shareAxis = (label: string): Axis => linearAxis(label, 0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]);

/** Shares from 10^-decades to 1, by their logarithm: false alarms matter where they are rare. */
export function logShareAxis(label: string, decades: number): Axis {
  const ticks = Array.from({ length: decades + 1 }, (_, i) => 10 ** (i - decades));
  return {
    label,
    ticks: ticks.map((at) => ({ at, text: `${Number((100 * at).toPrecision(1))} %` })),
    place: (v) => clamp(1 + Math.log10(Math.max(1e-12, v)) / decades),
  };
}

const ODDS_END = 9;

export function logOdds(probability: number): number {
  const p = Math.min(1 - 1e-9, Math.max(1e-9, probability));
  return Math.min(ODDS_END, Math.max(-ODDS_END, Math.log(p / (1 - p))));
}

/** Scores by their log odds: calibrated scores crowd at the ends. Values are scores. */
export function scoreAxis(label: string): Axis {
  const ticks = [0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999];
  return {
    label,
    ticks: ticks.map((at) => ({ at, text: String(at) })),
    place: (v) => (logOdds(v) + ODDS_END) / (2 * ODDS_END),
  };
}

/** Steps of a histogram over scores, in bins of equal log odds; y is a share of the values. */
export function scoreHistogram(values: readonly number[], bins = 36): PlotPoint[] {
  const counts = new Float64Array(bins);
  for (const v of values)
    counts[Math.min(bins - 1, Math.floor(((logOdds(v) + ODDS_END) / (2 * ODDS_END)) * bins))]!++;
  const score = (i: number): number => 1 / (1 + Math.exp(-((i / bins) * 2 - 1) * ODDS_END));
  return Array.from(counts, (count, i) => [
    { x: score(i), y: count / values.length },
    { x: score(i + 1), y: count / values.length },
  ]).flat();
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [500, 330, 50, 24, 24, 40];
const LINE_PX = 15;

/** One SVG: lines, dots and intervals over two axes, with a legend below the title. */
export function plot(title: string, x: Axis, y: Axis, series: readonly Series[]): string {
  const top = TOP + LINE_PX * series.length;
  const height = HEIGHT + LINE_PX * series.length;
  const px = (v: number): number => LEFT + x.place(v) * (WIDTH - LEFT - RIGHT);
  const py = (v: number): number => top + (1 - y.place(v)) * (height - top - BOTTOM);
  const at = (v: number): string => v.toFixed(1);
  const grid = [
    ...x.ticks.map(
      ({ at: v, text }) =>
        `<line x1="${at(px(v))}" x2="${at(px(v))}" y1="${top}" y2="${height - BOTTOM}" stroke="var(--line)"/><text x="${at(px(v))}" y="${height - BOTTOM + 14}" text-anchor="middle">${text}</text>`,
    ),
    ...y.ticks.map(
      ({ at: v, text }) =>
        `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(py(v))}" y2="${at(py(v))}" stroke="var(--line)"/><text x="${LEFT - 5}" y="${at(py(v) + 4)}" text-anchor="end">${text}</text>`,
    ),
  ];
  const legend = series.map(
    (s, i) =>
      `<line x1="${LEFT}" x2="${LEFT + 18}" y1="${TOP + LINE_PX * i}" y2="${TOP + LINE_PX * i}" stroke="${s.colour}" stroke-width="2"${s.dashed ? ' stroke-dasharray="5 4"' : ''}/><text x="${LEFT + 24}" y="${TOP + LINE_PX * i + 4}">${escapeHtml(s.name)}</text>`,
  );
  const drawn = series.map((s) => drawSeries(s, px, py));
  return `<svg viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" role="img" aria-label="${escapeHtml(title)}"><text x="${LEFT}" y="12" font-weight="bold">${escapeHtml(title)}</text>${legend.join('')}${grid.join('')}<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${height - 6}" text-anchor="middle">${escapeHtml(x.label)}</text><text transform="translate(11 ${at((top + height - BOTTOM) / 2)}) rotate(-90)" text-anchor="middle">${escapeHtml(y.label)}</text>${drawn.join('')}</svg>`;
}

function drawSeries(series: Series, px: (v: number) => number, py: (v: number) => number): string {
  const { points, colour, dots, dashed } = series;
  const line: string[] = [];
  let [lastX, lastY] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  points.forEach((p, i) => {
    const [x, y] = [px(p.x), py(p.y)];
    // Points nobody could tell apart are left out, the last one never.
    if (i < points.length - 1 && Math.abs(x - lastX) < 0.4 && Math.abs(y - lastY) < 0.4) return;
    line.push(`${x.toFixed(1)},${y.toFixed(1)}`);
    [lastX, lastY] = [x, y];
  });
  const spans = points.flatMap(({ x, low, high }) =>
    low === undefined || high === undefined
      ? []
      : [
          `<line x1="${px(x).toFixed(1)}" x2="${px(x).toFixed(1)}" y1="${py(low).toFixed(1)}" y2="${py(high).toFixed(1)}" stroke="${colour}"/>`,
        ],
  );
  const circles = dots
    ? points.map(
        (p) => `<circle cx="${px(p.x).toFixed(1)}" cy="${py(p.y).toFixed(1)}" r="3" fill="${colour}"/>`,
      )
    : [];
  return `<polyline points="${line.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"${dashed ? ' stroke-dasharray="5 4"' : ''}/>${spans.join('')}${circles.join('')}`;
}
