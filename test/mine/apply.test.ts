import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { applyVerdicts, NO_BRAND } from '../../src/mine/apply.js';
import { Composer } from '../../src/train/compose/composer.js';
import { readNegatives } from '../../src/train/datasets/negatives.js';
import { readDataset, readDatasets } from '../../src/train/datasets/read.js';
import { candidate, temporary, writeCandidates, writeVerdicts } from './support.js';

const id = (n: number) => candidate(n).id;

test('verdicts become negatives with the false boxes, and positives with the true ones', () =>
  temporary(async (folder) => {
    const second = candidate(1, { id: id(101), label: 'globex', box: [10, 10, 40, 40] });
    const beside = candidate(2, { id: id(102), label: 'globex', box: [10, 10, 40, 40] });
    await writeCandidates(folder, [candidate(1), second, candidate(2), beside, candidate(3), candidate(4)]);
    const verdicts = await writeVerdicts(folder, {
      [id(1)]: 'not-the-logo',
      [id(101)]: 'not-the-logo',
      [id(2)]: 'logo',
      [id(102)]: 'not-the-logo',
      [id(3)]: 'unsure',
    });
    const summary = await applyVerdicts(folder, verdicts);
    assert.deepEqual(
      [summary.negatives.pictures, summary.negatives.boxes, summary.positives.pictures, summary.leftOut],
      [1, 2, 1, 2],
    );

    const { distractors, pictures } = await readNegatives([join(folder, 'negatives')]);
    assert.deepEqual(pictures, []);
    assert.deepEqual(
      distractors.map((d) => d.boxes),
      [
        [
          { label: NO_BRAND, box: [100, 60, 80, 50] },
          { label: NO_BRAND, box: [10, 10, 40, 40] },
        ],
      ],
    );

    const positives = await readDataset(join(folder, 'positives'));
    assert.deepEqual(positives.brands, ['acme']);
    assert.deepEqual(
      positives.images.map((i) => i.boxes),
      [[{ label: 'acme', box: [100, 60, 80, 50] }]],
    );
    const two = await readDatasets([join(folder, 'positives'), join(folder, 'positives')]);
    assert.deepEqual([two.brands, two.images.length], [['acme'], 2]);
  }));

test('a picture with a place that nobody judged is no negative', () =>
  temporary(async (folder) => {
    await writeCandidates(folder, [candidate(1), candidate(1, { id: id(9), label: 'globex' })]);
    const verdicts = await writeVerdicts(folder, { [id(1)]: 'not-the-logo' });
    const { negatives, positives, leftOut } = await applyVerdicts(folder, verdicts);
    assert.deepEqual([negatives.pictures, positives.pictures, leftOut], [0, 0, 1]);
    assert.ok(!existsSync(join(folder, 'negatives')));
  }));

test('applied again, the new verdicts replace the old ones and leave other files alone', () =>
  temporary(async (folder) => {
    await writeCandidates(folder, [candidate(1), candidate(2)]);
    await applyVerdicts(folder, await writeVerdicts(folder, { [id(1)]: 'not-the-logo' }));
    await writeFile(join(folder, 'negatives', 'mine.txt'), 'kept');
    await applyVerdicts(folder, await writeVerdicts(folder, { [id(1)]: 'logo', [id(2)]: 'not-the-logo' }));
    assert.deepEqual(readdirSync(join(folder, 'negatives')).sort(), [
      `${id(2)}.jpg`,
      '_annotations.coco.json',
      'mine.txt',
    ]);
    assert.deepEqual(readdirSync(join(folder, 'positives')).sort(), [
      `${id(1)}.jpg`,
      '_annotations.coco.json',
    ]);
  }));

test('refuses verdicts of other candidates, damaged files, and paths that lead outside', () =>
  temporary(async (folder) => {
    await writeCandidates(folder, [candidate(1)]);
    const strange = await writeVerdicts(folder, { [id(7)]: 'logo' });
    await assert.rejects(applyVerdicts(folder, strange), {
      code: 'dataset-invalid',
      message: /other candidates/,
    });
    const odd = join(folder, 'odd.json');
    await writeFile(odd, '{"format":1,"verdicts":{"a":"perhaps"}}');
    await assert.rejects(applyVerdicts(folder, odd), { code: 'dataset-invalid' });
    await writeFile(odd, '{"format":1,');
    await assert.rejects(applyVerdicts(folder, odd), { code: 'dataset-invalid', message: /JSON/ });
    await assert.rejects(applyVerdicts(folder, join(folder, 'none.json')), { code: 'usage' });
    await assert.rejects(applyVerdicts(join(folder, 'none'), odd), {
      code: 'usage',
      message: /no such file/i,
    });
    const line = (await readFile(join(folder, 'candidates.jsonl'), 'utf8')).replace('frames/', '../');
    await writeFile(join(folder, 'candidates.jsonl'), line);
    const verdicts = await writeVerdicts(folder, { [id(1)]: 'logo' });
    await assert.rejects(applyVerdicts(folder, verdicts), { code: 'dataset-invalid', value: /line 1: file/ });
  }));

test('training lays the false picture, and pastes the false place into other scenes, as no target', () =>
  temporary(async (folder) => {
    await writeCandidates(folder, [candidate(1)]);
    await applyVerdicts(folder, await writeVerdicts(folder, { [id(1)]: 'not-the-logo' }));
    const { distractors } = await readNegatives([join(folder, 'negatives')]);
    const nothing = { photos: [], photosByBrand: [[]], artByBrand: [[]], scenes: [], distractorArt: [] };
    const composer = new Composer({ brands: ['acme'], ...nothing, distractors }, 1, 0);
    let [laid, pasted] = [0, 0];
    for (let i = 0; i < 80; i++) {
      const { data, targets } = await composer.frame(i);
      assert.deepEqual(targets, []);
      let [green, magenta] = [0, 0];
      for (let at = 0; at < data.length; at += 3) {
        const [r, g, b] = [data[at]!, data[at + 1]!, data[at + 2]!];
        if (r < 60 && g > 150 && b < 60) green++;
        if (r > 190 && g < 60 && b > 190) magenta++;
      }
      if (green > 400 && magenta > 100) laid++;
      if (green < 20 && magenta > 200) pasted++;
    }
    assert.ok(laid >= 8, `${laid} of 80 frames hold the picture`);
    assert.ok(pasted >= 5, `${pasted} of 80 frames hold the place alone`);
  }));
