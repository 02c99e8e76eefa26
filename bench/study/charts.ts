import { SIZES } from './recipes.js';
import { FALSE_RATES, PROBABILITIES, type Results, type Row } from './results.js';
import { COLOURS, document, fixed, legend, type Panel, panel, type Series, text } from './svg.js';

/** File name -> SVG. */
export function charts(results: Results): Record<string, string> {
  return {
    'open-set-confidence.svg': confidenceChart(results.rows),
    'open-set-unknown-size.svg': sizeChart(results),
    'open-set-methods.svg': methodsChart(results.rows),
    'open-set-frames.svg': framesChart(results.rows),
  };
}

function confidenceChart(rows: readonly Row[]): string {
  const series = rows
    .filter((row) => row.section === 'closed')
    .map((row, i): Series => {
      const points = PROBABILITIES.map((p, k) => [p, row.survival![k]!] as const);
      return { name: row.title, colour: COLOURS[i]!, points };
    });
  const axes: Panel = {
    title: 'Share of logo-free photos that get a brand with at least this probability',
    xTitle: 'top probability',
    logX: false,
    xRange: [0, 1],
    yRange: [0, 1],
    xTicks: [0, 0.2, 0.4, 0.6, 0.8, 1].map((v) => [v, v.toFixed(1)]),
    series,
  };
  return document(720, 420, axes.title, `${panel(axes, 0, 0, 720, 330)}\n${legend(series, 50, 350)}`);
}

function sizeChart({ rows, counts }: Results): string {
  const closed = rows.find((row) => row.id === 'softmax')!;
  const kinds = [
    { name: 'unknown class, scenes', prefix: 'unknown-scenes', colour: COLOURS[0], dashed: true },
    { name: 'unknown class, a fifth other logos', prefix: 'unknown-mixed', colour: COLOURS[0] },
    { name: 'sigmoids, scenes', prefix: 'sigmoid-scenes', colour: COLOURS[1], dashed: true },
    { name: 'sigmoids, a fifth other logos', prefix: 'sigmoid-mixed', colour: COLOURS[1] },
  ];
  const scenes = counts['training: scenes']!;
  const all = { scenes, mixed: scenes + counts['training: other logos']! };
  const axes = (
    title: string,
    set: 'photos' | 'frames',
    name: 'auroc' | 'rightAt1' | 'unknownAt1',
  ): Panel => ({
    title,
    xTitle: 'negative pictures in training',
    logX: true,
    xRange: [10, 4000],
    yRange: name === 'auroc' ? [0.5, 1] : [0, 1],
    xTicks: [10, ...SIZES, 3000].map((n) => [n, n === 10 ? 'none' : n.toLocaleString('en')]),
    series: kinds.map(({ prefix, ...kind }): Series => {
      const ends = [...SIZES.map((n) => [n, `${prefix}-${n}`] as const)];
      const total = prefix.endsWith('scenes') ? all.scenes : all.mixed;
      const points = [...ends, [total, `${prefix}-all`] as const].map(
        ([n, id]) => [n, rows.find((row) => row.id === id)![set][name].mean] as const,
      );
      return { ...kind, points: [[10, closed[set][name].mean] as const, ...points] };
    }),
  });
  const panels = [
    axes('Photos: AUROC', 'photos', 'auroc'),
    axes('Photos: right brand at 1 % false photos', 'photos', 'rightAt1'),
    axes('Photos: unknown logos reported at that point', 'photos', 'unknownAt1'),
    axes('Frames: AUROC', 'frames', 'auroc'),
  ];
  const drawn = panels.map((p, i) => panel(p, (i % 2) * 460, Math.floor(i / 2) * 280, 450, 270));
  const body = `${drawn.join('\n')}\n${legend(panels[0]!.series, 50, 580)}`;
  return document(920, 650, 'How large should an unknown class be?', body);
}

function framesChart(rows: readonly Row[]): string {
  const shown = [
    ['softmax', 'softmax, 12 classes'],
    ['energy', 'the same, energy'],
    ['neighbour', 'the same features, nearest training crop'],
    ['unknown-mixed-all', 'unknown class, all negatives'],
    ['sigmoid-mixed-all', 'sigmoids, all negatives'],
    ['detector', 'detector'],
  ] as const;
  const series = shown.map(([id, name], i): Series => {
    const { curve } = rows.find((row) => row.id === id)!;
    return { name, colour: COLOURS[i]!, points: FALSE_RATES.map((rate, k) => [rate, curve[k]!] as const) };
  });
  const axes: Panel = {
    title: '640x360 frames, logo at 3 to 20 % of the width: right brand found',
    xTitle: 'share of logo-free frames reported',
    logX: true,
    xRange: [0.002, 1],
    yRange: [0, 1],
    xTicks: [
      [0.002, '0.2 %'],
      [0.01, '1 %'],
      [0.1, '10 %'],
      [1, '100 %'],
    ],
    series,
  };
  return document(720, 470, axes.title, `${panel(axes, 0, 0, 720, 340)}\n${legend(series, 50, 362)}`);
}

/** A line a method: right brand at 1 % false pictures, on photos and on frames. */
function methodsChart(rows: readonly Row[]): string {
  const [left, width, line, top] = [400, 420, 20, 46];
  const height = top + rows.length * line + 34;
  const x = (v: number): number => left + v * width;
  const out = [text(20, 20, 'Right brand at 1 % false pictures', 'font-weight="bold"')];
  for (const v of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
    out.push(`<path d="M${fixed(x(v))} ${top - 12}V${height - 28}" stroke="#ddd"/>`);
    out.push(text(x(v), height - 10, v.toFixed(1), 'text-anchor="middle"'));
  }
  rows.forEach((row, i) => {
    const y = top + i * line;
    const prefix = {
      unknown: 'unknown class: ',
      sigmoid: 'sigmoids: ',
      generated: 'generated: ',
      detection: 'detection: ',
    } as Record<string, string>;
    out.push(
      text(left - 12, y + 4, `${prefix[row.section] ?? ''}${row.title}`, 'text-anchor="end" font-size="11"'),
    );
    const [photos, frames] = [row.photos.rightAt1.mean, row.frames.rightAt1.mean];
    out.push(`<path d="M${fixed(x(frames))} ${y}H${fixed(x(photos))}" stroke="#bbb"/>`);
    out.push(`<circle cx="${fixed(x(photos))}" cy="${y}" r="4.5" fill="${COLOURS[0]}"/>`);
    out.push(`<circle cx="${fixed(x(frames))}" cy="${y}" r="4.5" fill="${COLOURS[1]}"/>`);
  });
  out.push(`<circle cx="414" cy="16" r="4.5" fill="${COLOURS[0]}"/>${text(424, 20, 'whole photos')}`);
  out.push(`<circle cx="534" cy="16" r="4.5" fill="${COLOURS[1]}"/>${text(544, 20, '640x360 frames')}`);
  return document(840, height, 'Right brand at 1 % false pictures, photos and frames', out.join('\n'));
}
