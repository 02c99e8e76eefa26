import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const require = createRequire(import.meta.url);
const BACKEND = new URL('../../../src/infer/engines/tfjs-backend.js', import.meta.url).href;
const SCRIPT = `
  const { loadTfjs } = await import(${JSON.stringify(BACKEND)});
  const { name, tf } = await loadTfjs();
  console.log(JSON.stringify({ name, mark: tf.mark ?? null, backend: tf.getBackend(), sum: tf.add(1, 1).dataSync()[0] }));
`;

const CPU = require.resolve('@tensorflow/tfjs-backend-cpu');

/** A stand-in for a native package: tfjs-core of the same process with the plain backend under the native one's name. */
function standIn(mark: string, backend: string): string {
  return `
    const tf = require(${JSON.stringify(require.resolve('@tensorflow/tfjs-core'))});
    const { MathBackendCPU } = require(${JSON.stringify(CPU)});
    tf.registerBackend('tensorflow', () => Object.assign(new MathBackendCPU(), ${backend}), 3);
    for (const kernel of tf.getKernelsForBackend('cpu')) tf.registerKernel({ ...kernel, backendName: 'tensorflow' });
    module.exports = { ...tf, mark: ${JSON.stringify(mark)} };
  `;
}

async function load(packages: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), 'logowatch-tfjs-'));
  try {
    for (const [name, code] of Object.entries(packages)) {
      await mkdir(join(folder, '@tensorflow', name), { recursive: true });
      await writeFile(join(folder, '@tensorflow', name, 'index.js'), code);
    }
    const { stdout, stderr } = await promisify(execFile)(
      process.execPath,
      ['--input-type=module', '-e', SCRIPT],
      { env: { ...process.env, NODE_PATH: folder }, timeout: 30_000 },
    );
    return { ...(JSON.parse(stdout) as Record<string, unknown>), stderr };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function isInstalled(name: string): boolean {
  try {
    require.resolve(`@tensorflow/${name}`);
    return true;
  } catch {
    return false;
  }
}

/** Packages that are really there come before stand-ins. */
const skip = ['tfjs-node', 'tfjs-node-gpu'].some(isInstalled) && 'a native TensorFlow.js is installed';

test('without native packages WebAssembly is taken, and nothing is said', { skip }, async () => {
  const { stderr, ...found } = await load({});
  assert.deepEqual(found, { name: 'tfjs-wasm', mark: null, backend: 'wasm', sum: 2 });
  assert.doesNotMatch(stderr, /does not work/);
});

test('a native package is taken, and its own namespace used', { skip }, async () => {
  const { stderr: _, ...found } = await load({ 'tfjs-node': standIn('native', '{}') });
  assert.deepEqual(found, { name: 'tfjs-node', mark: 'native', backend: 'tensorflow', sum: 2 });
});

test('the GPU package comes first, and is called by where it computes', { skip }, async () => {
  for (const gpu of [true, false]) {
    const { name, mark } = (await load({
      'tfjs-node': standIn('cpu', '{}'),
      'tfjs-node-gpu': standIn('gpu', `{ isUsingGpuDevice: ${gpu} }`),
    })) as Record<string, unknown>;
    assert.deepEqual([name, mark], [gpu ? 'tfjs-node-gpu' : 'tfjs-node', 'gpu']);
  }
});

test('a native package that does not load, or fails at its first operation, is passed over with a warning', {
  skip,
}, async () => {
  const failing = `${standIn('failing', '{}')}
    module.exports.add = () => { throw new TypeError('isNullOrUndefined is not a function'); };`;
  for (const code of ["throw new Error('no addon');", failing]) {
    const { name, sum, stderr } = (await load({ 'tfjs-node': code })) as Record<string, unknown>;
    assert.deepEqual([name, sum], ['tfjs-wasm', 2]);
    assert.match(String(stderr), /tfjs-node is installed but does not work \((no addon|isNullOrUndefined)/);
  }
});
