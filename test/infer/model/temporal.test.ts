import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { repoRoot } from '../../../src/core/root.js';
import { loadModel } from '../../../src/infer/model/load.js';
import { smoothingFor } from '../../../src/infer/model/onset.js';
import { saveTemporal } from '../../../src/infer/model/save.js';
import { temporalOf } from '../support.js';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'logowatch-temporal-'));
  cpSync(join(repoRoot(), 'models', 'demo'), folder, { recursive: true });
});
after(() => rmSync(folder, { recursive: true, force: true }));

const temporal = temporalOf('docker');
const manifest = () => JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));

test('a model without the section works as it did, with it the model is another one', async () => {
  const old = await loadModel(folder);
  assert.equal(old.info.temporal, undefined);
  assert.equal(smoothingFor(old.info).brands, old.info.labels.length);
  const later = { ...manifest(), somethingLater: [1, 2] };
  writeFileSync(join(folder, 'model.json'), JSON.stringify(later));
  await saveTemporal(folder, temporal);
  const now = await loadModel(folder);
  assert.deepEqual(now.info.temporal, temporal);
  assert.notEqual(now.info.hash, old.info.hash);
  assert.deepEqual({ ...manifest(), temporal: undefined }, { ...later, temporal: undefined });
  assert.deepEqual(
    readdirSync(folder).filter((f) => f.startsWith('.')),
    [],
  );
  const parameters = smoothingFor(now.info, {
    onset: { other: { driftLlr: 0, thresholdLlr: 9 } },
  });
  assert.deepEqual(parameters.onset?.docker, { driftLlr: 1.5, thresholdLlr: 11 });
  assert.equal(parameters.onset?.other?.thresholdLlr, 9);
  assert.equal(parameters.decorrelationMs, 200);
});

test('without calibration only what a frame gives beyond its brand’s level counts, and no level is below the median', () => {
  const levels = { rare: 3, middling: 7, common: 9 };
  const { onset } = smoothingFor(
    { labels: Object.keys(levels), levels },
    { onset: { own: { driftLlr: 1, thresholdLlr: 5 } } },
  );
  assert.deepEqual(
    Object.entries(onset!).map(([label, { driftLlr }]) => [label, driftLlr]),
    [
      ['rare', 7],
      ['middling', 7],
      ['common', 9],
      ['own', 1],
    ],
  );
});

test('a section that makes no sense is refused before anything is written', async () => {
  const before = readFileSync(join(folder, 'model.json'), 'utf8');
  const wrong = { ...temporal, brands: [{ ...temporal.brands[0]!, thresholdLlr: -1 }] };
  await assert.rejects(saveTemporal(folder, wrong), /temporal\.brands\.0\.thresholdLlr/);
  assert.equal(readFileSync(join(folder, 'model.json'), 'utf8'), before);
});
