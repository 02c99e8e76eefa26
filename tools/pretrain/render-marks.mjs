#!/usr/bin/env node
// Renders the vector marks that the trunk is pre-trained on: node tools/pretrain/render-marks.mjs PACKAGES OUT
//
//   npm i --ignore-scripts simple-icons@16.37.0 @iconify-json/logos @iconify-json/cryptocurrency-color @iconify-json/token-branded sharp
//
// PACKAGES is that node_modules folder. OUT gets marks.bin (RGBA, SIDE x SIDE each, trimmed and centred) and marks.json
// ({name, width, height, mono} each). Marks of every evaluation brand are left out, whatever package they come from.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const [packages, out] = process.argv.slice(2).map((p) => resolve(p));
const sharp = createRequire(join(packages, 'x'))('sharp');
const SIDE = 160;
const EVALUATION =
  /adidas|bmw|coca.?cola|dhl|fedex|ferrari|ford|google|heineken|mcdonald|pepsi|starbucks|levis|napapijri|newbalance|new-balance|oxxford|patagonia|rolex|timberland|tom.?ford|volkswagen|mercedes|peugeot|^vw$/i;

function* simpleIcons() {
  const folder = join(packages, 'simple-icons/icons');
  for (const file of readdirSync(folder)) if (file.endsWith('.svg')) yield [`simple/${file.slice(0, -4)}`, readFileSync(join(folder, file), 'utf8'), true];
}

function* iconify(name, mono) {
  const { icons, width = 24, height = 24 } = JSON.parse(readFileSync(join(packages, '@iconify-json', name, 'icons.json'), 'utf8'));
  for (const [key, icon] of Object.entries(icons)) {
    const [w, h] = [icon.width ?? width, icon.height ?? height];
    yield [`${name}/${key}`, `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="${icon.left ?? 0} ${icon.top ?? 0} ${w} ${h}" width="${w}" height="${h}">${icon.body}</svg>`, mono];
  }
}

mkdirSync(out, { recursive: true });
const rows = [];
const parts = [];
for (const source of [simpleIcons(), iconify('logos', false), iconify('cryptocurrency-color', false), iconify('token-branded', false)]) {
  for (const [name, svg, mono] of source) {
    if (EVALUATION.test(name.split('/')[1])) continue;
    try {
      const box = svg.match(/viewBox="([^"]+)"/)[1].split(/[ ,]+/).map(Number);
      const density = Math.min(2400, Math.max(1, (72 * SIDE) / Math.max(box[2], box[3])));
      const big = await sharp(Buffer.from(svg), { density }).ensureAlpha().png().toBuffer();
      const { data, info } = await sharp(big).trim({ background: { r: 0, g: 0, b: 0, alpha: 0 } }).resize({ width: SIDE, height: SIDE, fit: 'inside' }).raw().toBuffer({ resolveWithObject: true });
      let opaque = 0;
      for (let i = 3; i < data.length; i += 4) if (data[i] > 100) opaque++;
      if (opaque < 60 || info.channels !== 4) continue;
      const square = new Uint8Array(SIDE * SIDE * 4);
      for (let y = 0; y < info.height; y++) square.set(data.subarray(y * info.width * 4, (y + 1) * info.width * 4), y * SIDE * 4);
      parts.push(square);
      rows.push({ name, width: info.width, height: info.height, mono });
    } catch (error) {
      process.stderr.write(`${name}: ${error.message}\n`);
    }
  }
}
writeFileSync(join(out, 'marks.bin'), Buffer.concat(parts));
writeFileSync(join(out, 'marks.json'), JSON.stringify({ side: SIDE, marks: rows }));
process.stdout.write(`${rows.length} marks\n`);
