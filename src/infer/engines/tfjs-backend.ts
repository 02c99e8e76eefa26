import { createRequire } from 'node:module';
import { dirname, join, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as Tfjs from '@tensorflow/tfjs-core';
import { LogowatchError } from '../../core/errors.js';

export type TfjsName = 'tfjs-node-gpu' | 'tfjs-webgpu' | 'tfjs-node' | 'tfjs-wasm';

export interface TfjsBackend {
  readonly name: TfjsName;
  /** The namespace whose backend is set: of the native package, where there is one. */
  readonly tf: typeof Tfjs;
}

const require = createRequire(import.meta.url);
const WASM = '@tensorflow/tfjs-backend-wasm';
/** The GPU's API without a browser, and the backend that computes with it. */
const WEBGPU = ['webgpu', '@tensorflow/tfjs-backend-webgpu'] as const;
type NativeName = 'tfjs-node-gpu' | 'tfjs-node';
/** What users install themselves, best first: docs/engines.md. */
const INSTALLED: readonly (() => Promise<TfjsBackend | undefined>)[] = [
  () => loadNative('tfjs-node-gpu'),
  loadWebgpu,
  () => loadNative('tfjs-node'),
];

let loaded: Promise<TfjsBackend> | undefined;

/** The best TensorFlow.js backend installed; one a process. Errors: engine-unavailable. */
export function loadTfjs(): Promise<TfjsBackend> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<TfjsBackend> {
  for (const tryLoading of INSTALLED) {
    const backend = await tryLoading();
    if (backend !== undefined) return backend;
  }
  return { name: 'tfjs-wasm', tf: await loadWasm() };
}

/**
 * Installed but built for another Node, or without its library: then the next one is taken, and a warning says why. One
 * sum is computed, because 4.22 loads on Node 23 and later but fails at its first operation.
 */
async function loadNative(name: NativeName): Promise<TfjsBackend | undefined> {
  const id = `@tensorflow/${name}`;
  if (!isInstalled(id)) return undefined;
  // libtensorflow writes how it was compiled to stderr, between our log lines.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  try {
    const tf = require(id) as typeof Tfjs;
    if (!(await tf.setBackend('tensorflow'))) throw new Error('its backend does not start');
    tf.tidy(() => tf.add(1, 1).dataSync());
    const { isUsingGpuDevice } = tf.backend() as { isUsingGpuDevice?: boolean };
    // The GPU package without a GPU computes on CPU.
    return { name: isUsingGpuDevice === true ? 'tfjs-node-gpu' : 'tfjs-node', tf };
  } catch (error) {
    warnOf(id, error);
    return undefined;
  }
}

function warnOf(id: string, error: unknown): void {
  const reason = error instanceof Error ? error.message.split('\n', 1)[0] : String(error);
  process.emitWarning(`${id} is installed but does not work (${reason}): see docs/engines.md`);
}

/** The tfjs-core that its backend registers with, which need not be ours. */
async function loadWebgpu(): Promise<TfjsBackend | undefined> {
  const [api, backend] = WEBGPU;
  if (!isInstalled(api) || !isInstalled(backend)) return undefined;
  try {
    const { create, globals } = await import(pathToFileURL(require.resolve(api)).href);
    const gpu = create([]);
    if ((await gpu.requestAdapter()) === null)
      throw new Error('it finds no GPU with a Vulkan, Metal or D3D12 driver');
    // tfjs looks for what a browser has.
    Object.assign(globalThis, globals);
    Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
    const path = require.resolve(backend);
    const tf = createRequire(path)('@tensorflow/tfjs-core') as typeof Tfjs;
    require(path);
    if (!(await tf.setBackend('webgpu'))) throw new Error('its backend does not start');
    await tf.add(1, 1).data();
    return { name: 'tfjs-webgpu', tf };
  } catch (error) {
    warnOf(api, error);
    return undefined;
  }
}

function isInstalled(id: string): boolean {
  try {
    require.resolve(id);
    return true;
  } catch {
    return false;
  }
}

async function loadWasm(): Promise<typeof Tfjs> {
  try {
    const tf = require('@tensorflow/tfjs-core') as typeof Tfjs;
    const wasm = require(WASM) as { setWasmPaths(folder: string): void };
    wasm.setWasmPaths(join(dirname(require.resolve(WASM)), sep));
    if (!(await tf.setBackend('wasm'))) throw new Error('the WebAssembly backend does not start');
    await tf.ready();
    return tf;
  } catch (cause) {
    throw new LogowatchError('engine-unavailable', 'TensorFlow.js does not load', {
      value: WASM,
      remedy: 'Install the packages again (npm ci), or use --engine onnx-f32',
      cause,
    });
  }
}
