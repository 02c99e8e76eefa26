import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import sharp from 'sharp';
import { LogowatchError } from '../../../src/core/errors.js';
import { countByBrand, describeDataset } from '../../../src/train/datasets/dataset.js';
import { readNegatives } from '../../../src/train/datasets/negatives.js';
import { readDataset } from '../../../src/train/datasets/read.js';

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'logowatch-datasets-'));
});
after(() => rm(root, { recursive: true, force: true }));

/** Pictures are 100x50 where the name ends in an image type; everything else is text. */
async function folder(name: string, files: Record<string, string>): Promise<string> {
  for (const [path, content] of Object.entries(files)) {
    const file = join(root, name, path);
    await mkdir(dirname(file), { recursive: true });
    if (/\.(jpg|png)$/.test(path) && content === '') {
      const channels = path.endsWith('.png') ? 4 : 3;
      const background = { r: 200, g: 30, b: 30, alpha: 0.5 };
      await sharp({ create: { width: 100, height: 50, channels, background } }).toFile(file);
    } else await writeFile(file, content);
  }
  return join(root, name);
}

const coco = (over: object = {}): string =>
  JSON.stringify({
    images: [
      { id: 1, file_name: 'a.jpg' },
      { id: 2, file_name: 'b.jpg' },
    ],
    annotations: [{ id: 1, image_id: 1, category_id: 7, bbox: [10, 5, 40, 20] }],
    categories: [
      { id: 0, name: 'everything' },
      { id: 7, name: 'acme' },
    ],
    ...over,
  });

const voc = (box: string): string =>
  `<annotation><filename>a.jpg</filename><object><name>acme</name><bndbox>${box}</bndbox></object></annotation>`;
const VOC_BOX = '<xmin>10</xmin><ymin>5</ymin><xmax>50</xmax><ymax>25</ymax>';

async function rejects(path: string, ...words: (string | RegExp)[]): Promise<void> {
  await assert.rejects(readDataset(path), (error: unknown) => {
    assert.ok(error instanceof LogowatchError, String(error));
    assert.equal(error.code, 'dataset-invalid');
    assert.ok(error.remedy, 'says what to do');
    for (const word of words) assert.match(`${error.message} ${error.value}`, new RegExp(word));
    return true;
  });
}

test('COCO, YOLO and Pascal VOC of the same box read alike', async () => {
  const sets = [
    await folder('coco', { '_annotations.coco.json': coco(), 'a.jpg': '', 'b.jpg': '' }),
    await folder('yolo', {
      'data.yaml': 'train: ../train/images\nnc: 1\nnames: [acme]\n',
      'train/images/a.jpg': '',
      'train/images/b.jpg': '',
      'train/labels/a.txt': '0 0.3 0.3 0.4 0.4\n',
      'train/labels/b.txt': '',
    }),
    await folder('voc', {
      'Annotations/a.xml': voc(VOC_BOX),
      'JPEGImages/a.jpg': '',
      'JPEGImages/b.jpg': '',
    }),
  ];
  for (const [i, format] of ['COCO', 'YOLO', 'Pascal VOC'].entries()) {
    const dataset = await readDataset(sets[i]!);
    assert.equal(dataset.format, format);
    assert.deepEqual(dataset.brands, ['acme']);
    assert.equal(dataset.images.length, 1);
    assert.deepEqual(
      dataset.images[0]!.boxes.map((b) => b.box.map(Math.round)),
      [[10, 5, 40, 20]],
    );
    assert.equal(dataset.negatives.length, 1, 'the picture without a box is a background');
    assert.equal(dataset.images[0]!.weak, false);
  }
});

test('a folder per class: photos are weak, transparent pictures and SVG are art, "background" is negative', async () => {
  const path = await folder('classes', {
    'acme/photo.jpg': '',
    'acme/logo.png': '',
    'zeta/logo.svg':
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>',
    'background/street.jpg': '',
  });
  const dataset = await readDataset(path);
  assert.deepEqual(dataset.brands, ['acme', 'zeta']);
  assert.deepEqual(
    dataset.images.map((i) => [i.weak, i.boxes[0]!.box]),
    [[true, [0, 0, 100, 50]]],
  );
  assert.deepEqual(dataset.art.map((a) => a.label).sort(), ['acme', 'zeta']);
  assert.equal(dataset.negatives.length, 1);
  assert.deepEqual(countByBrand(dataset).get('acme'), { images: 1, boxes: 1, weak: 1, art: 1 });
  assert.match(describeDataset(dataset), /acme \(1 photos without boxes, 1 art\)/);
});

test('a flat folder of art takes the brands from the file names', async () => {
  const dataset = await readDataset(await folder('art', { 'zeta.png': '', 'acme.png': '' }));
  assert.equal(dataset.format, 'logo art');
  assert.deepEqual(dataset.brands, ['acme', 'zeta']);
});

test('COCO with image-level labels only falls back to the class folders', async () => {
  const text = coco({ images: [{ id: 1, file_name: 'acme/a.jpg' }], annotations: [] });
  const dataset = await readDataset(
    await folder('coco-weak', { '_annotations.coco.json': text, 'acme/a.jpg': '' }),
  );
  assert.equal(dataset.images[0]!.weak, true);
});

test('bad annotations name the file and the field or line', async () => {
  const bad = async (name: string, text: string): Promise<string> =>
    folder(name, { '_annotations.coco.json': text, 'a.jpg': '', 'b.jpg': '' });
  await rejects(await bad('no-json', '{"images": ['), '_annotations.coco.json');
  await rejects(
    await bad('no-list', JSON.stringify({ images: [], annotations: [{}], categories: [] })),
    'annotations\\[0\\]',
  );
  const annotation = { id: 1, image_id: 1, category_id: 9, bbox: [1, 1, 5, 5] };
  await rejects(
    await bad('category', coco({ annotations: [annotation] })),
    'annotations\\[0\\]\\.category_id = 9',
  );
  const outside = { ...annotation, category_id: 7, bbox: [90, 1, 500, 5] };
  await rejects(await bad('outside', coco({ annotations: [outside] })), '100x50', 'annotations\\[0\\]');
  const flat = { ...annotation, category_id: 7, bbox: [9, 1, 0, 5] };
  await rejects(await bad('flat', coco({ annotations: [flat] })), 'no area');
  await rejects(await folder('missing', { '_annotations.coco.json': coco() }), 'a\\.jpg');
  const yolo = (line: string): Record<string, string> => ({
    'data.yaml': 'names: {0: acme}\n',
    'images/a.jpg': '',
    'labels/a.txt': `0 0.5 0.5 0.1 0.1\n${line}\n`,
  });
  await rejects(await folder('yolo-class', yolo('3 0.5 0.5 0.1 0.1')), 'a\\.txt, line 2');
  await rejects(await folder('yolo-pixels', yolo('0 50 50 10 10')), 'a\\.txt, line 2');
  await rejects(await folder('voc-cut', { 'a.xml': '<annotation><object>', 'a.jpg': '' }), 'a\\.xml');
  await rejects(
    await folder('voc-field', { 'a.xml': voc('<xmin>1</xmin>'), 'a.jpg': '' }),
    'a\\.xml',
    'bndbox',
  );
  await rejects(join(root, 'nowhere'), 'not a folder');
  await rejects(await folder('empty', { 'notes.txt': 'x' }), 'no data set');
  await rejects(await folder('mixed', { 'logo.png': '', 'photo.jpg': '' }), 'photo\\.jpg');
});

test('a broken picture is named', async () => {
  const path = await folder('broken', { 'acme/a.jpg': 'not a picture' });
  await assert.rejects(
    readDataset(path),
    (error: LogowatchError) => error.code === 'image-unreadable' && /a\.jpg/.test(error.value ?? ''),
  );
});

test('negatives: scenes, other logos from COCO categories, and drawings', async () => {
  const scenes = await folder('scenes', { 'deep/a.jpg': '', 'b.jpg': '', 'mark.svg': '<svg/>' });
  const others = await folder('others', { '_annotations.coco.json': coco(), 'a.jpg': '', 'b.jpg': '' });
  const negatives = await readNegatives([scenes, others]);
  assert.equal(negatives.pictures.length, 2);
  assert.equal(negatives.art.length, 1);
  assert.deepEqual(
    negatives.distractors.map((d) => [d.weak, d.boxes[0]!.box.length]),
    [
      [false, 4],
      [true, 4],
    ],
  );
  await assert.rejects(readNegatives([join(root, 'nowhere')]), { code: 'dataset-invalid' });
});
