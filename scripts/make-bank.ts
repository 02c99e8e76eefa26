/**
 * Makes the background bank beside the shipped network from pictures that show no brand:
 *   npm run build && node dist/scripts/make-bank.js --pictures DIR... [--others DIR...] [--art DIR...] [--composed N]
 * --pictures: scenes, street text, interfaces; --others: photos of other logos (COCO with boxes, or folders);
 * --art: SVG of other marks; N frames are composed from all of them beside the pictures themselves.
 */
import { parseArgs } from 'node:util';
import { loadImage } from '../src/infer/image.js';
import { distinct, placesOf } from '../src/infer/network/places.js';
import { loadShippedTrunk, shippedTrunk } from '../src/infer/network/shipped.js';
import { type BankPicture, saveBank } from '../src/train/bank.js';
import { Base, type BasePicture, contentOf } from '../src/train/base.js';
import { Composer, FRAME_SHAPES } from '../src/train/compose/composer.js';
import { readNegatives } from '../src/train/datasets/negatives.js';
import { towers, windowPlaces } from '../src/train/places.js';
import { Rng } from '../src/train/rng.js';
import { NO_BRAND } from '../src/train/samples.js';

/** Places of a picture: those that look most like some logo, and one of its windows. */
const LOGO_LIKE = 4;

const { values } = parseArgs({
  options: {
    pictures: { type: 'string', multiple: true, default: [] },
    others: { type: 'string', multiple: true, default: [] },
    art: { type: 'string', multiple: true, default: [] },
    composed: { type: 'string', default: '1200' },
    output: { type: 'string', default: shippedTrunk().folder },
  },
});

const base = await Base.open(await loadShippedTrunk());
const bank: BankPicture[] = [];
const rng = new Rng(0xba4c, 1);

async function add(picture: BasePicture): Promise<void> {
  const maps = await base.look(picture);
  const places = distinct(
    placesOf(maps, contentOf(picture)).sort((a, b) => b.logo - a.logo),
    LOGO_LIKE,
  );
  if (places.length === 0) return;
  const [whole, ...parts] = windowPlaces(maps, picture);
  places.push(rng.chance(0.3) ? whole! : rng.pick(parts));
  const cells = towers(
    maps,
    places.map((p) => ({ ...p, label: NO_BRAND })),
  );
  const data = await base.crops(
    picture,
    places.map((p) => p.box),
  );
  const logos = Float32Array.from(places, (p) => p.logo);
  bank.push({ brands: [], unclear: false, cells, crops: { data, labels: cells.labels }, logos });
  if (bank.length % 200 === 0) process.stderr.write(`${bank.length} pictures\n`);
}

const scenes = await readNegatives(values.pictures);
const others = await readNegatives([...values.others, ...values.art]);
const files = [
  ...new Set([...scenes.pictures, ...others.pictures, ...others.distractors.map((d) => d.file)]),
];
for (const file of files) await add((await loadImage(file, FRAME_SHAPES)).image);
const composer = new Composer(
  {
    brands: [],
    photos: [],
    photosByBrand: [],
    artByBrand: [],
    scenes: scenes.pictures,
    distractors: others.distractors,
    distractorArt: others.art.map((a) => a.file),
  },
  0xba4c,
  0,
);
for (let i = 0; i < Number(values.composed); i++) await add(await composer.frame(i));
await base.close();
await saveBank(values.output, bank, {
  pictures: scenes.pictures.length,
  otherLogos: others.pictures.length + others.distractors.length,
  composed: Number(values.composed),
});
process.stdout.write(
  `${bank.length} pictures, ${bank.reduce((n, p) => n + p.cells.labels.length, 0)} places\n`,
);
