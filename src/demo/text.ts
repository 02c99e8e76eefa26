import type { Random } from './random.js';

const WORDS =
  'harbour council weather evening market bridge railway festival coast report morning season village reactor library budget garden ferry summit orchestra museum traffic island valley election tunnel winter record repair station record bakery forecast'.split(
    ' ',
  );

export function sentence(random: Random, words: number): string {
  const text = Array.from({ length: words }, () => random.pick(WORDS)).join(' ');
  return text[0]!.toUpperCase() + text.slice(1);
}

/** A full-screen text card: headline, lines, a table of numbers. */
export function cardSvg(random: Random, width: number, height: number): string {
  const hue = random.integer(0, 359);
  const lines = Array.from({ length: 5 }, (_, i) => {
    const y = 150 + i * 38;
    const figure = (random.next() * 100).toFixed(1);
    return `<text x="60" y="${y}" font-size="22" fill="#e8eef4">${sentence(random, 3)}</text><text x="${width - 60}" y="${y}" text-anchor="end" font-size="22" fill="#ffd866">${figure} %</text><rect x="60" y="${y + 10}" width="${width - 120}" height="1" fill="#ffffff40"/>`;
  }).join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif">
<rect width="100%" height="100%" fill="hsl(${hue} 45% 22%)"/><rect y="58" width="100%" height="50" fill="hsl(${hue} 55% 34%)"/>
<text x="60" y="94" font-size="32" font-weight="bold" fill="#fff">${sentence(random, 3).toUpperCase()}</text>${lines}</svg>`;
}

/** A strip of running text, `width` pixels long. */
export function tickerSvg(random: Random, width: number, height: number): string {
  const items = Array.from({ length: 10 }, () => sentence(random, 4)).join('   ***   ');
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="#8f1d2c"/>
<text x="10" y="${height * 0.72}" font-family="sans-serif" font-weight="bold" font-size="${height * 0.6}" fill="#fff">${items}</text></svg>`;
}

/** A street front wider than the picture: houses with windows, doors and signs of words. */
export function streetSvg(random: Random, width: number, height: number): string {
  const ground = height * 0.8;
  let houses = '';
  for (let x = 0; x < width; ) {
    const w = random.integer(90, 170);
    const top = random.integer(30, 130);
    houses += `<rect x="${x}" y="${top}" width="${w}" height="${ground - top}" fill="hsl(${random.integer(10, 50)} ${random.integer(10, 40)}% ${random.integer(30, 62)}%)"/>`;
    houses += windows(random, x, top, w, ground - 80);
    houses += `<rect x="${x + 8}" y="${ground - 70}" width="${w - 16}" height="22" fill="hsl(${random.integer(0, 359)} 50% 30%)"/>`;
    houses += `<text x="${x + w / 2}" y="${ground - 54}" text-anchor="middle" font-family="sans-serif" font-size="15" fill="#f4f1e4">${sentence(random, 1)}</text>`;
    houses += `<rect x="${x + w / 2 - 12}" y="${ground - 44}" width="24" height="44" fill="#2d2a26"/>`;
    x += w;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="hsl(205 45% 70%)"/>${houses}
<rect y="${ground}" width="100%" height="14" fill="#9a968c"/><rect y="${ground + 14}" width="100%" height="${height}" fill="#45464a"/></svg>`;
}

function windows(random: Random, x: number, top: number, w: number, bottom: number): string {
  let svg = '';
  for (let y = top + 12; y < bottom - 22; y += 34) {
    for (let wx = x + 10; wx < x + w - 18; wx += 28) {
      svg += `<rect x="${wx}" y="${y}" width="16" height="22" fill="${random.next() < 0.3 ? '#f3dd9a' : '#34414d'}"/>`;
    }
  }
  return svg;
}

export function carSvg(random: Random): string {
  const fill = `hsl(${random.integer(0, 359)} 45% 42%)`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="120" height="48"><path d="M6 36 V24 L26 20 L40 6 H82 L98 20 L114 24 V36 Z" fill="${fill}"/>
<path d="M44 10 H60 V20 H34 Z M64 10 H80 L90 20 H64 Z" fill="#cfe0ea"/><circle cx="32" cy="37" r="10" fill="#1b1b1d"/><circle cx="90" cy="37" r="10" fill="#1b1b1d"/></svg>`;
}
