import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { webgpuEnvironment } from '../../support/webgpu.js';

const environment = webgpuEnvironment();
const skip = typeof environment === 'string' && environment;
const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);

/** In a process of its own: a driver is chosen by its environment, and one backend serves a whole process. */
const SCRIPT = `
  const { createEngine } = await import(${url('../../../src/infer/engines/create.js')});
  const { joinNetworks } = await import(${url('../../../src/infer/network/compose.js')});
  const { loadShippedTrunk } = await import(${url('../../../src/infer/network/shipped.js')});
  const { randomHead, randomPicture, relativeDifference } = await import(${url('../support.js')});
  const network = joinNetworks(await loadShippedTrunk(), randomHead(3));
  const [width, height, count] = [90, 50, 2];
  const data = Buffer.concat([randomPicture(width, height, 1), randomPicture(width, height, 2)]);
  const engines = await Promise.all([createEngine(network, { kind: 'onnx-f32' }), createEngine(network, { kind: 'tfjs' })]);
  const [onnx, tfjs] = await Promise.all(engines.map((engine) => engine.run({ data, width, height, count })));
  const differences = [...onnx].map(([name, map]) => relativeDifference(map, tfjs.get(name)));
  console.log(JSON.stringify({ name: engines[1].name, layers: onnx.size, difference: Math.max(...differences) }));
  for (const engine of engines) await engine.close();
`;

test('WebGPU agrees with ONNX Runtime to 1e-4 on the shipped trunk with a head', {
  skip,
  timeout: 150_000,
}, async () => {
  const env = { ...process.env, ...(environment as Record<string, string>) };
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', SCRIPT], {
    env,
    timeout: 120_000,
  });
  const { name, layers, difference } = JSON.parse(stdout.trim().split('\n').at(-1)!);
  assert.equal(name, 'tfjs-webgpu');
  assert.ok(layers > 0);
  assert.ok(difference < 1e-4, `${difference}`);
});
