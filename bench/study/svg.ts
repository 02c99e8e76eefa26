/** Plots as SVG text: white ground, so that they read on dark pages too. */
export interface Series {
  readonly name: string;
  readonly colour: string;
  readonly dashed?: boolean;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Panel {
  readonly title: string;
  readonly xTitle: string;
  readonly logX: boolean;
  readonly xRange: readonly [number, number];
  readonly yRange: readonly [number, number];
  readonly xTicks: readonly (readonly [at: number, text: string])[];
  readonly series: readonly Series[];
}

export const COLOURS = ['#0b6bcb', '#c2410c', '#15803d', '#7c3aed', '#525252', '#be185d'] as const;
const FONT = 'font-family="DejaVu Sans, Helvetica, Arial, sans-serif"';
const [LEFT, TOP, RIGHT, BOTTOM] = [44, 30, 24, 40];

export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}

export function text(x: number, y: number, content: string, more = ''): string {
  return `<text x="${fixed(x)}" y="${fixed(y)}" ${more}>${escapeXml(content)}</text>`;
}

export function document(width: number, height: number, title: string, body: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(title)}" ${FONT} font-size="12" fill="#1a1a1a"><rect width="${width}" height="${height}" fill="#fff"/>\n${body}\n</svg>\n`;
}

export const fixed = (v: number): string => String(Number(v.toFixed(1)));

/** Where a value of an axis comes to lie, as a share of the axis. */
export function position(value: number, [low, high]: readonly [number, number], log: boolean): number {
  return log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
}

/** One set of axes with its lines, `width` by `height`, at (x0, y0). */
export function panel(p: Panel, x0: number, y0: number, width: number, height: number): string {
  const [w, h] = [width - LEFT - RIGHT, height - TOP - BOTTOM];
  const px = (v: number): number => x0 + LEFT + w * position(v, p.xRange, p.logX);
  const py = (v: number): number => y0 + TOP + h * (1 - position(v, p.yRange, false));
  const out = [text(x0 + LEFT, y0 + 18, p.title, 'font-weight="bold"')];
  for (const v of yTicks(p.yRange)) {
    out.push(
      `<path d="M${fixed(px(p.xRange[0]))} ${fixed(py(v))}H${fixed(px(p.xRange[1]))}" stroke="#ddd"/>`,
    );
    out.push(text(x0 + LEFT - 6, py(v) + 4, v.toFixed(1), 'text-anchor="end"'));
  }
  for (const [v, name] of p.xTicks) out.push(text(px(v), y0 + TOP + h + 16, name, 'text-anchor="middle"'));
  out.push(text(x0 + LEFT + w / 2, y0 + height - 6, p.xTitle, 'text-anchor="middle" fill="#525252"'));
  for (const { points, colour, dashed } of p.series) {
    const line = points.map(([x, y]) => `${fixed(px(x))},${fixed(py(y))}`).join(' ');
    const dash = dashed ? ' stroke-dasharray="5 4"' : '';
    out.push(`<polyline points="${line}" fill="none" stroke="${colour}" stroke-width="2"${dash}/>`);
    if (points.length <= 8)
      for (const [x, y] of points)
        out.push(`<circle cx="${fixed(px(x))}" cy="${fixed(py(y))}" r="3" fill="${colour}"/>`);
  }
  return out.join('\n');
}

function yTicks([low, high]: readonly [number, number]): number[] {
  const step = high - low > 0.5 ? 0.2 : 0.1;
  const count = Math.round((high - low) / step);
  return Array.from({ length: count + 1 }, (_, i) => low + i * step);
}

/** Names of the lines, one below the other. */
export function legend(
  series: readonly Pick<Series, 'name' | 'colour' | 'dashed'>[],
  x: number,
  y: number,
): string {
  return series
    .map(({ name, colour, dashed }, i) => {
      const at = y + i * 18;
      const dash = dashed ? ' stroke-dasharray="5 4"' : '';
      return `<path d="M${x} ${at - 4}h26" stroke="${colour}" stroke-width="2"${dash}/>${text(x + 32, at, name)}`;
    })
    .join('\n');
}
