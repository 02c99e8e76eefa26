import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { type Box, iou } from '../../src/core/geometry.js';
import { loadShippedTrunk } from '../../src/infer/network/shipped.js';
import { type Bank, loadBank } from '../../src/train/bank.js';
import { Base } from '../../src/train/base.js';
import { Composer } from '../../src/train/compose/composer.js';
import { readDataset } from '../../src/train/datasets/read.js';
import { writePlaces } from '../../src/train/localise/write.js';
import { type FoundPlace, localise, localiseOnce, withPlaces } from '../../src/train/localise.js';
import { drawnBrand, RINGS, svg } from '../support/art.js';

const SCENES = 6;
let folder: string;
let base: Base;
let bank: Bank;
/** File -> where the logos are. */
const truth = new Map<string, Box[]>();

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'logowatch-localise-'));
  base = await Base.open(await loadShippedTrunk());
  bank = await loadBank();
  const art = join(folder, 'rings.svg');
  await writeFile(art, svg(RINGS));
  await mkdir(join(folder, 'logos', 'rings'), { recursive: true });
  const composer = new Composer(drawnBrand('rings', art), 11, 1);
  for (let i = 0; truth.size < SCENES; i++) {
    const { width, height, data, targets } = await composer.frame(i);
    const clear = targets.filter((t) => !t.ignore && Math.max(t.box[2], t.box[3]) >= 60);
    if (clear.length !== targets.length || clear.length === 0) continue;
    const file = join(folder, 'logos', 'rings', `${i}.png`);
    await sharp(data, { raw: { width, height, channels: 3 } })
      .png()
      .toFile(file);
    truth.set(
      file,
      clear.map((t) => t.box),
    );
  }
});
after(async () => {
  await base.close();
  await rm(folder, { recursive: true, force: true });
});

const shown = ({ file, boxes }: FoundPlace): boolean =>
  truth.get(file)!.some((box) => iou(box, boxes[0]!) >= 0.5);

test('the logo is found in composed scenes, and what was found goes back in as boxes', {
  timeout: 300_000,
}, async () => {
  const root = join(folder, 'logos');
  const dataset = await readDataset(root);
  assert.ok(dataset.images.every((i) => i.weak));
  const counted: number[] = [];
  const found = await localise(dataset, { base, bank, onPicture: (n) => counted.push(n) });
  assert.deepEqual(counted, [1, 2, 3, 4, 5, 6]);
  const right = found.filter(shown).length;
  assert.ok(right >= SCENES / 2, `${right} of ${SCENES}`);

  const doubted = found.map((f, i) => (i === 0 ? { ...f, doubt: 'planted' } : { ...f, doubt: undefined }));
  const list = 'doubtful.json';
  assert.equal(withPlaces(dataset, doubted, { keepDoubtful: false, list }).images.length, SCENES - 1);
  const kept = withPlaces(dataset, doubted, { keepDoubtful: true, list });
  assert.deepEqual(kept.images.find((i) => i.file === doubted[0]!.file)!.boxes[0]!.box.slice(0, 2), [0, 0]);
  const all = found.map((f) => ({ ...f, doubt: 'planted' }));
  assert.throws(() => withPlaces(dataset, all, { keepDoubtful: false, list }), {
    code: 'dataset-invalid',
    message: /rings/,
  });

  const output = join(folder, 'model');
  await mkdir(output);
  await writePlaces(output, root, doubted);
  const [doubtful] = JSON.parse(await readFile(join(output, 'doubtful.json'), 'utf8'));
  assert.equal(doubtful.reason, 'planted');
  await copyFile(join(output, 'boxes.coco.json'), join(root, 'boxes.coco.json'));
  const again = await readDataset(root);
  assert.deepEqual(
    again.images.filter((i) => i.weak).map((i) => i.file),
    [doubted[0]!.file],
  );
  assert.deepEqual(
    again.images.filter((i) => !i.weak).map((i) => i.boxes[0]!.box.map(Math.round)),
    doubted.slice(1).map((f) => f.boxes[0]!.map(Math.round)),
  );
  await writePlaces(output, root, []);
  await assert.rejects(readFile(join(output, 'doubtful.json')), { code: 'ENOENT' });
});

test('a run that goes on does not look again, and another run does', { timeout: 120_000 }, async () => {
  const dataset = await readDataset(join(folder, 'logos'));
  const few = { ...dataset, images: dataset.images.filter((i) => i.weak).slice(0, 1) };
  let looked = 0;
  const options = { base, bank, onPicture: () => looked++ };
  const first = await localiseOnce(few, options, { folder, key: 'a' });
  assert.deepEqual(await localiseOnce(few, options, { folder, key: 'a' }), JSON.parse(JSON.stringify(first)));
  assert.equal(looked, 1);
  await localiseOnce(few, options, { folder, key: 'b' });
  assert.equal(looked, 2);
});

test('boxes are in upright pixels where a camera lay on its side', { timeout: 120_000 }, async () => {
  const root = join(folder, 'turned');
  await mkdir(join(root, 'rings'), { recursive: true });
  const [file, boxes] = [...truth][0]!;
  const { width, height } = await sharp(file).metadata();
  // Turned a quarter to the left; EXIF 6 tells viewers to turn it back.
  await sharp(file)
    .rotate(-90)
    .withMetadata({ orientation: 6 })
    .jpeg({ quality: 95 })
    .toFile(join(root, 'rings', 'a.jpg'));
  const dataset = await readDataset(root);
  assert.deepEqual([dataset.images[0]!.width, dataset.images[0]!.height], [width, height]);
  const [found] = await localise(dataset, { base, bank });
  const upright = await localise(
    { ...dataset, images: [{ ...dataset.images[0]!, file, width, height }] },
    { base, bank },
  );
  assert.ok(iou(found!.boxes[0]!, upright[0]!.boxes[0]!) > 0.5, `${found!.boxes[0]} of ${boxes}`);
});
