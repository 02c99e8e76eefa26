import type { Rng } from '../rng.js';

/**
 * Vector drawings made up from shapes and words: scenes where the user brought no pictures, and marks that are
 * nobody's, pasted exactly as brands are so that neither a paste edge nor "some mark" is a clue.
 */
const FONTS = ['sans-serif', 'serif', 'monospace', 'DejaVu Sans', 'Liberation Sans', 'Arial', 'Georgia'];
const SYLLABLES = 'ka lo mi ra ten sol ver no ex ing to pre da fu zo bel qui por ash ly on ur st em'.split(
  ' ',
);

export function randomColour(rng: Rng): string {
  if (rng.chance(0.25)) {
    const grey = rng.below(256);
    return `rgb(${grey},${grey},${grey})`;
  }
  return `hsl(${rng.below(360)},${20 + rng.below(80)}%,${10 + rng.below(80)}%)`;
}

export function randomWord(rng: Rng): string {
  if (rng.chance(0.15)) return String(rng.below(10 ** (1 + rng.below(4))));
  let word = '';
  for (let n = 1 + rng.below(3); n > 0; n--) word += rng.pick(SYLLABLES);
  const form = rng.below(3);
  return form === 0 ? word.toUpperCase() : form === 1 ? word[0]!.toUpperCase() + word.slice(1) : word;
}

function polygon(rng: Rng, cx: number, cy: number, r: number): string {
  const n = 3 + rng.below(6);
  const star = rng.chance(0.4) ? rng.uniform(0.35, 0.8) : 1;
  const turn = rng.uniform(0, Math.PI * 2);
  const points = Array.from({ length: star < 1 ? 2 * n : n }, (_, i) => {
    const radius = r * (i % 2 === 1 ? star : 1);
    const angle = turn + (i * 2 * Math.PI) / (star < 1 ? 2 * n : n);
    return `${(cx + radius * Math.cos(angle)).toFixed(1)},${(cy + radius * Math.sin(angle)).toFixed(1)}`;
  });
  return `<polygon points="${points.join(' ')}"`;
}

function blob(rng: Rng, cx: number, cy: number, r: number): string {
  const at = (): string => `${(cx + rng.uniform(-r, r)).toFixed(1)} ${(cy + rng.uniform(-r, r)).toFixed(1)}`;
  const curves = Array.from({ length: 1 + rng.below(4) }, () => `C${at()} ${at()} ${at()}`).join('');
  return `<path d="M${at()}${curves}${rng.chance(0.6) ? 'Z' : ''}"`;
}

/** One shape around (cx, cy) of about radius r, with fill or stroke. */
export function randomShape(rng: Rng, cx: number, cy: number, r: number): string {
  const bodies = [
    () => `<circle cx="${cx}" cy="${cy}" r="${r}"`,
    () => `<ellipse cx="${cx}" cy="${cy}" rx="${r}" ry="${r * rng.uniform(0.3, 0.9)}"`,
    () =>
      `<rect x="${cx - r}" y="${cy - r}" width="${2 * r}" height="${2 * r * rng.uniform(0.2, 1)}" rx="${rng.chance(0.5) ? r * rng.uniform(0, 0.6) : 0}"`,
    () => polygon(rng, cx, cy, r),
    () => blob(rng, cx, cy, r),
  ];
  const body = rng.pick(bodies)();
  const stroke = rng.chance(0.35);
  return stroke
    ? `${body} fill="none" stroke="${randomColour(rng)}" stroke-width="${r * rng.uniform(0.05, 0.35)}"/>`
    : `${body} fill="${randomColour(rng)}"/>`;
}

function text(rng: Rng, x: number, y: number, size: number, words: number): string {
  const content = Array.from({ length: words }, () => randomWord(rng)).join(' ');
  const style = `font-family="${rng.pick(FONTS)}" font-size="${size.toFixed(1)}" fill="${randomColour(rng)}"${rng.chance(0.5) ? ' font-weight="bold"' : ''}${rng.chance(0.2) ? ' font-style="italic"' : ''}`;
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${style}>${content}</text>`;
}

const svg = (width: number, height: number, body: string): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${body}</svg>`;

/** A mark of nobody: two to six shapes about a centre, a word, or both; 256 px. */
export function randomMark(rng: Rng): string {
  const kind = rng.below(4);
  let body = '';
  if (kind !== 0) {
    if (rng.chance(0.4)) body += randomShape(rng, 128, 128, 110);
    for (let n = 1 + rng.below(4); n > 0; n--)
      body += randomShape(rng, 128 + rng.uniform(-50, 50), 128 + rng.uniform(-50, 50), rng.uniform(20, 90));
  }
  if (kind === 0 || rng.chance(0.3)) body += text(rng, 8, 150, rng.uniform(40, 90), 1);
  return svg(256, 256, body);
}

/** Scenes: shapes over a gradient, pages of text, interface-like layouts. */
export function randomScene(rng: Rng, width: number, height: number): string {
  const id = 'g';
  const count = 2 + rng.below(2);
  const stops = Array.from(
    { length: count },
    (_, i) => `<stop offset="${i / (count - 1)}" stop-color="${randomColour(rng)}"/>`,
  );
  let body = `<defs><linearGradient id="${id}" x2="${rng.next()}" y2="${rng.next()}">${stops.join('')}</linearGradient></defs><rect width="100%" height="100%" fill="${rng.chance(0.7) ? `url(#${id})` : randomColour(rng)}"/>`;
  const kind = rng.below(3);
  if (kind === 0) {
    for (let n = rng.below(18); n > 0; n--)
      body += randomShape(rng, rng.uniform(0, width), rng.uniform(0, height), rng.logUniform(8, 200));
  } else if (kind === 1) {
    const size = rng.uniform(9, 30);
    for (let y = size; y < height; y += size * rng.uniform(1.2, 2))
      if (rng.chance(0.8)) body += text(rng, rng.uniform(0, width / 3), y, size, 1 + rng.below(7));
  } else {
    for (let n = 3 + rng.below(9); n > 0; n--) {
      const [x, y] = [rng.uniform(-20, width), rng.uniform(-20, height)];
      const [w, h] = [rng.uniform(30, width / 2), rng.uniform(12, height / 3)];
      body += `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="${rng.below(12)}" fill="${randomColour(rng)}"/>`;
      if (rng.chance(0.7)) body += text(rng, x + 6, y + h * 0.7, Math.min(30, h * 0.6), 1 + rng.below(3));
      if (rng.chance(0.3)) body += randomShape(rng, x + w / 2, y + h / 2, h * 0.4);
    }
  }
  return svg(width, height, body);
}
