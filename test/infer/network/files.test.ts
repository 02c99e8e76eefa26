import assert from 'node:assert/strict';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { LogowatchError } from '../../../src/core/errors.js';
import { loadNetwork, saveNetwork } from '../../../src/infer/network/files.js';
import { smallNetwork, withFolder } from '../support.js';

test('a network comes back as it was saved', async () => {
  await withFolder(async (folder) => {
    const network = smallNetwork();
    const { layers, weights } = await saveNetwork(network, folder, 'net');
    const hashes = { layers: layers.sha256, weights: weights.sha256 };
    const loaded = await loadNetwork(join(folder, layers.file), join(folder, weights.file), hashes);
    assert.deepEqual(loaded, network);
  });
});

test('float16 halves the file and rounds to 11 bits', async () => {
  await withFolder(async (folder) => {
    const network = smallNetwork();
    const { layers, weights } = await saveNetwork(network, folder, 'net', { dtype: 'float16' });
    const loaded = await loadNetwork(join(folder, layers.file), join(folder, weights.file));
    for (const [name, { data }] of network.tensors) {
      data.forEach((value, i) => {
        const error = Math.abs(loaded.tensors.get(name)!.data[i]! - value);
        assert.ok(error <= Math.abs(value) / 2048 + 2 ** -25);
      });
    }
  });
});

test('8 bits with a scale for each output channel err by half a step of it', async () => {
  await withFolder(async (folder) => {
    const network = smallNetwork();
    const { layers, weights } = await saveNetwork(network, folder, 'net', { dtype: 'int8' });
    const loaded = await loadNetwork(join(folder, layers.file), join(folder, weights.file));
    for (const [name, { data, shape }] of network.tensors) {
      const channels = shape.length === 4 && shape[3] === 1 ? shape[2]! : shape.at(-1)!;
      const peaks = Array.from({ length: channels }, (_, c) =>
        Math.max(...[...data].filter((_, i) => i % channels === c).map(Math.abs)),
      );
      data.forEach((value, i) => {
        const error = Math.abs(loaded.tensors.get(name)!.data[i]! - value);
        assert.ok(error <= (peaks[i % channels]! / 127) * 0.501, `${name}[${i}]`);
      });
    }
  });
});

test('a changed byte, a short file and a wrong description are named', async () => {
  await withFolder(async (folder) => {
    const { layers, weights } = await saveNetwork(smallNetwork(), folder, 'net');
    const paths = [join(folder, layers.file), join(folder, weights.file)] as const;
    const hashes = { layers: layers.sha256, weights: weights.sha256 };
    const fails = (file: string) => (error: LogowatchError) =>
      error.code === 'model-damaged' && error.value === join(folder, file);
    const bytes = await readFile(paths[1]);
    await appendFile(paths[1], 'x');
    await assert.rejects(loadNetwork(...paths, hashes), fails('net.bin'));
    await writeFile(paths[1], bytes.subarray(0, 100));
    await assert.rejects(loadNetwork(...paths), fails('net.bin'));
    await writeFile(paths[0], '{"layers":[{"op":"pool"}],"tensors":{},"outputs":[]}');
    await assert.rejects(loadNetwork(...paths), fails('net.json'));
    await writeFile(paths[0], 'not json');
    await assert.rejects(loadNetwork(...paths), fails('net.json'));
    await assert.rejects(loadNetwork(join(folder, 'none.json'), paths[1]), { code: 'model-missing' });
  });
});
