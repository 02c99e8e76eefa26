import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitSources } from '../../../src/train/compose/sources.js';
import type { DatasetImage } from '../../../src/train/datasets/dataset.js';
import { fitSources } from '../../../src/train/wrap/job.js';

const numbered = (n: number, ending: string): string[] =>
  Array.from({ length: n }, (_, i) => `${i}${ending}`);

test('the fit sees logos that were held out, and every negative', () => {
  const image = (file: string, boxes: DatasetImage['boxes']): DatasetImage => ({
    file,
    width: 90,
    height: 90,
    boxes,
    weak: false,
  });
  const photos = numbered(20, '.jpg').map((file) => image(file, [{ label: 'acme', box: [0, 0, 9, 9] }]));
  const common = { format: 'coco', root: '.', brands: ['acme'], art: [] };
  const dataset = { ...common, images: photos, negatives: ['own.jpg'] };
  const negatives = {
    pictures: numbered(40, '-street.jpg'),
    distractors: numbered(40, '-other.jpg').map((file) => image(file, [])),
    art: numbered(40, '.svg').map((file) => ({ file, label: 'other' })),
  };
  const split = splitSources(dataset, negatives, 1);
  const { scenes, distractors, distractorArt, photos: shown } = fitSources(split);
  assert.deepEqual(scenes.toSorted(), [...negatives.pictures, 'own.jpg'].toSorted());
  assert.equal(new Set(distractors.map((d) => d.file)).size, 40);
  assert.equal(new Set(distractorArt).size, 40);
  assert.deepEqual(
    shown.map((p) => p.file),
    split.heldOut.photos.map((p) => p.file),
  );
  assert.ok(shown.length > 0 && shown.length < 10, `${shown.length} of 20 photos are held out`);
});
