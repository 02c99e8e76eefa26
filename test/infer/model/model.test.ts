import assert from 'node:assert/strict';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { LogowatchError } from '../../../src/core/errors.js';
import { loadModel } from '../../../src/infer/model/load.js';
import { saveModel } from '../../../src/infer/model/save.js';
import { loadShippedTrunk, shippedTrunk } from '../../../src/infer/network/shipped.js';
import { manifest, randomHead, saveRandomModel, withFolder } from '../support.js';

const fails = (code: string, value: string) => (error: LogowatchError) =>
  error.code === code && error.value === value;

/** Changes model.json as text is changed. */
async function edit(folder: string, change: (manifest: Record<string, unknown>) => void): Promise<void> {
  const path = join(folder, 'model.json');
  const value = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  change(value);
  await writeFile(path, JSON.stringify(value));
}

test('a model comes back, on the shipped trunk, without what its head does not read', async () => {
  await withFolder(async (folder) => {
    await saveRandomModel(folder);
    const { info, look, verify, manifest: loaded } = await loadModel(folder);
    assert.deepEqual(info.labels, ['acorn', 'birch']);
    assert.deepEqual(info.inputs, loaded.inputs);
    assert.match(info.hash, /^[0-9a-f]{64}$/);
    assert.deepEqual(look.outputs.slice(0, 2), ['brand8', 'place8']);
    assert.deepEqual(verify.outputs, ['verify']);
    assert.ok(look.layers.every((l) => !l.name.startsWith('crop')));
    assert.deepEqual(
      (await readdir(folder)).filter((n) => n.startsWith('trunk')),
      [],
    );
  });
});

test('another head is another hash; the same model has the same', async () => {
  await withFolder(async (folder) => {
    const hash = async (seed: number) => {
      const trunk = shippedTrunk().reference;
      await saveModel(folder, { manifest: manifest(['acorn']), head: randomHead(1, seed), trunk });
      return (await loadModel(folder)).info.hash;
    };
    const [first, second, again] = [await hash(1), await hash(2), await hash(1)];
    assert.notEqual(first, second);
    assert.equal(first, again);
  });
});

test('saving over an older model leaves the new one whole, other files alone, and nothing behind', async () => {
  await withFolder(async (folder) => {
    await saveRandomModel(folder, ['acorn']);
    await writeFile(join(folder, 'report.html'), 'mine');
    await saveRandomModel(folder, ['acorn', 'birch', 'cedar']);
    assert.equal((await loadModel(folder)).info.labels.length, 3);
    const names = await readdir(folder);
    assert.equal(names.length, 4, names.join());
    assert.ok(names.includes('report.html'));
  });
});

test('a model that cannot be written leaves the older one as it was', async () => {
  await withFolder(async (folder) => {
    await saveRandomModel(folder, ['acorn']);
    const before = await readFile(join(folder, 'model.json'));
    const bad = { ...manifest(['acorn']), priorOdds: -1 };
    await assert.rejects(
      saveModel(folder, { manifest: bad, head: randomHead(1, 9), trunk: shippedTrunk().reference }),
    );
    assert.deepEqual(await readFile(join(folder, 'model.json')), before);
    assert.deepEqual((await loadModel(folder)).info.labels, ['acorn']);
    assert.ok((await readdir(folder)).every((name) => !name.startsWith('.')));
  });
});

test('a trunk of its own is written beside it and found there', async () => {
  await withFolder(async (folder) => {
    const trunk = await loadShippedTrunk();
    await saveModel(folder, { manifest: manifest(['acorn']), head: randomHead(1), trunk });
    const { look } = await loadModel(folder);
    assert.ok((await readdir(folder)).some((n) => n.startsWith('trunk')));
    const stem = trunk.layers[0]!;
    assert.deepEqual(look.layers[0], stem);
    const name = 'weights' in stem ? stem.weights : '';
    assert.deepEqual(look.tensors.get(name)!.data, trunk.tensors.get(name)!.data);
  });
});

test('a head whose outputs do not fit the brands, or are not all there', async () => {
  await withFolder(async (folder) => {
    const trunk = shippedTrunk().reference;
    await saveModel(folder, { manifest: manifest(['acorn', 'birch']), head: randomHead(3), trunk });
    await assert.rejects(loadModel(folder), { code: 'model-damaged' });
    const head = randomHead(2);
    const cut = { ...head, outputs: head.outputs.slice(1) };
    await saveModel(folder, { manifest: manifest(['acorn', 'birch']), head: cut, trunk });
    await assert.rejects(loadModel(folder), { code: 'model-damaged', value: join(folder, 'model.json') });
  });
});

test('no folder, a file, an empty folder: model-missing', async () => {
  await withFolder(async (folder) => {
    const none = join(folder, 'none');
    await assert.rejects(loadModel(none), fails('model-missing', none));
    await assert.rejects(loadModel(folder), fails('model-missing', folder));
    await writeFile(none, '');
    await assert.rejects(loadModel(none), fails('model-missing', none));
  });
});

test('a damaged or missing file is named', async () => {
  await withFolder(async (folder) => {
    await saveRandomModel(folder);
    const path = (await readdir(folder)).map((n) => join(folder, n)).find((n) => n.endsWith('.bin'))!;
    const bytes = await readFile(path);
    bytes[100]! ^= 1;
    await writeFile(path, bytes);
    await assert.rejects(loadModel(folder), fails('model-damaged', path));
    await rm(path);
    await assert.rejects(loadModel(folder), fails('model-missing', path));
    await writeFile(join(folder, 'model.json'), '{');
    await assert.rejects(loadModel(folder), fails('model-damaged', join(folder, 'model.json')));
  });
});

test('file names that leave the folder are refused, even where the hash is right', async () => {
  await withFolder(async (outer) => {
    const folder = join(outer, 'model');
    await mkdir(folder);
    await saveRandomModel(folder);
    const bin = (await readdir(folder)).find((n) => n.endsWith('.bin'))!;
    await copyFile(join(folder, bin), join(outer, bin));
    for (const file of [`../${bin}`, `..\\${bin}`, join(outer, bin), '..', '.hidden', '']) {
      await edit(folder, (m) => {
        (m.head as { weights: { file: string } }).weights.file = file;
      });
      await assert.rejects(loadModel(folder), fails('model-damaged', join(folder, 'model.json')));
    }
  });
});

test('a newer format, an unknown trunk, and brands that do not fit the head', async () => {
  await withFolder(async (folder) => {
    const path = join(folder, 'model.json');
    await saveRandomModel(folder);
    await edit(folder, (m) => {
      m.format = 3;
    });
    await assert.rejects(loadModel(folder), fails('model-incompatible', path));
    await saveRandomModel(folder);
    await edit(folder, (m) => {
      (m.trunk as { weights: { sha256: string } }).weights.sha256 = '0'.repeat(64);
    });
    await assert.rejects(loadModel(folder), { code: 'model-missing' });
    await saveRandomModel(folder);
    await edit(folder, (m) => {
      (m.brands as unknown[]).pop();
    });
    await assert.rejects(loadModel(folder), fails('model-damaged', path));
    await saveRandomModel(folder);
    await edit(folder, (m) => {
      (m.brands as { label: string }[])[1]!.label = 'acorn';
    });
    await assert.rejects(loadModel(folder), fails('model-damaged', path));
  });
});
