import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { repoRoot } from '../../../src/core/root.js';
import { loadModel } from '../../../src/infer/model/load.js';
import { saveTemporal } from '../../../src/infer/model/save.js';
import { smoothingFor, type TemporalCalibration } from '../../../src/infer/model/temporal.js';

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'logowatch-temporal-'));
  cpSync(join(repoRoot(), 'models', 'demo'), folder, { recursive: true });
});
after(() => rmSync(folder, { recursive: true, force: true }));

const tail = { from: 1, perHour: 2, shape: 0, scale: 3 };
const temporal: TemporalCalibration = {
  falsePerHour: 0.1,
  createdAt: '2026-01-01T00:00:00Z',
  footage: 'video',
  hours: 2,
  frames: 36_000,
  intervalMs: 200,
  correlationS: 0.8,
  blockS: 5,
  blocks: 1440,
  peaks: 12,
  expectedPerHour: 0.1,
  expectedPerHourInterval: [0.01, 0.6],
  openings: 0,
  provedPerHour: 1.5,
  brands: [{ label: 'docker', driftLlr: 1.5, thresholdLlr: 11, tail, peaks: 4 }],
};
const manifest = () => JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));

test('a model without the section works as it did, with it the model is another one', async () => {
  const old = await loadModel(folder);
  assert.equal(old.info.temporal, undefined);
  assert.deepEqual(smoothingFor(old.info.labels, old.info.temporal), { brands: old.info.labels.length });
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
  const parameters = smoothingFor(now.info.labels, now.info.temporal, {
    onset: { other: { driftLlr: 0, thresholdLlr: 9 } },
  });
  assert.deepEqual(parameters.onset?.docker, { driftLlr: 1.5, thresholdLlr: 11 });
  assert.equal(parameters.onset?.other?.thresholdLlr, 9);
  assert.equal(parameters.decorrelationMs, 200);
});

test('a section that makes no sense is refused before anything is written', async () => {
  const before = readFileSync(join(folder, 'model.json'), 'utf8');
  const wrong = { ...temporal, brands: [{ ...temporal.brands[0]!, thresholdLlr: -1 }] };
  await assert.rejects(saveTemporal(folder, wrong), /temporal\.brands\.0\.thresholdLlr/);
  assert.equal(readFileSync(join(folder, 'model.json'), 'utf8'), before);
});
