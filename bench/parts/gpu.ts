import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type * as Ort from 'onnxruntime-node';
import { repoRoot } from '../../src/core/root.js';
import { loadOnnxRuntime } from '../../src/infer/engines/onnx.js';
import { MODEL_INPUT } from '../../src/infer/engines/onnx-float.js';
import { createTfjsEngine } from '../../src/infer/engines/tfjs.js';
import { loadTfjs } from '../../src/infer/engines/tfjs-backend.js';
import { type LoadedModel, loadModel } from '../../src/infer/model/load.js';
import { INPUT_LAYER, INPUT_MEAN, INPUT_SCALE, type Network } from '../../src/infer/network.js';
import { randomPicture } from '../../test/infer/support.js';
import { networkFile } from '../bare.js';
import { measure } from '../measure.js';
import { type BenchContext, fixed, median, type Outcome, type Part } from '../part.js';
import { pythonOf } from '../python.js';
import { HEIGHT, WIDTH } from '../sampling.js';

const COUNTS = [1, 4, 8, 16, 32] as const;
const FOLDER = join(repoRoot(), 'bench', 'peers');

/** Frames a second by pictures a batch, or why there are none. */
interface Side {
  readonly name: string;
  readonly rates: Readonly<Record<number, number>>;
  readonly missing?: string;
}

/** The first look on a GPU, beside bare TensorFlow and bare ONNX Runtime at the same batch. */
export const gpu: Part = {
  name: 'gpu',
  title: 'GPU',
  async run(context): Promise<Outcome> {
    const card = nvidiaCard();
    if (card === undefined)
      return { skipped: 'nvidia-smi names no NVIDIA GPU; docs/engines.md says what is needed besides' };
    const model = await loadModel(context.model);
    const rounds = context.quick ? 10 : 30;
    const folder = await writeNetwork(context.folder, model);
    const python = await pythonOf(join(FOLDER, 'requirements-gpu.txt'));
    const sides = [
      await attempt('logowatch, `engine: tfjs`', () => tfjsRates(context, model, rounds)),
      await attempt('bare TensorFlow', () => pythonRates(python, folder, 'tensorflow', rounds)),
      await attempt('onnxruntime-node, CUDA', () => onnxRates(model, rounds)),
      await attempt('bare ONNX Runtime, CUDA', () => pythonRates(python, folder, 'onnxruntime', rounds)),
    ];
    const missing = sides.filter((side) => side.missing !== undefined);
    if (missing.length === sides.length)
      return { skipped: `${card} is here, but ${missing.map((s) => `${s.name}: ${s.missing}`).join('; ')}` };
    return { section: sectionOf(card, sides), raw: { card, sides } };
  },
};

function nvidiaCard(): string | undefined {
  const query = ['--query-gpu=name,driver_version,memory.total', '--format=csv,noheader'];
  const { status, stdout } = spawnSync('nvidia-smi', query, { encoding: 'utf8' });
  return status === 0 && stdout.trim() !== '' ? stdout.trim().split('\n')[0] : undefined;
}

async function attempt(name: string, work: () => Promise<Record<number, number>>): Promise<Side> {
  try {
    return { name, rates: await work() };
  } catch (error) {
    const [missing] = (error instanceof Error ? error.message : String(error)).split('\n', 1);
    return { name, rates: {}, missing: missing ?? '' };
  }
}

/** look.onnx, and the layers with float weights for what reads no ONNX. */
export async function writeNetwork(folder: string, model: LoadedModel): Promise<string> {
  const own = join(folder, 'gpu');
  await mkdir(own, { recursive: true });
  await writeFile(join(own, 'look.onnx'), networkFile(model, 'look', 'f32'));
  const { layers, outputs, tensors }: Network = model.look;
  const places: Record<string, { shape: readonly number[]; offset: number }> = {};
  const parts: Float32Array[] = [];
  let offset = 0;
  for (const [name, { shape, data }] of tensors) {
    places[name] = { shape, offset };
    parts.push(data);
    offset += data.length;
  }
  const input = { input: INPUT_LAYER, mean: INPUT_MEAN, scale: INPUT_SCALE };
  await writeFile(join(own, 'layers.json'), JSON.stringify({ ...input, layers, outputs, tensors: places }));
  const bytes = parts.map((p) => new Uint8Array(p.buffer, p.byteOffset, p.byteLength));
  await writeFile(join(own, 'weights.bin'), Buffer.concat(bytes));
  return own;
}

async function ratesOf(
  rounds: number,
  run: (data: Uint8Array, count: number) => Promise<unknown>,
): Promise<Record<number, number>> {
  const rates: Record<number, number> = {};
  for (const count of COUNTS) {
    const data = Buffer.concat(Array.from({ length: count }, (_, i) => randomPicture(WIDTH, HEIGHT, i)));
    const seconds: number[] = [];
    for (let i = -3; i < rounds; i++) {
      const started = performance.now();
      await run(data, count);
      if (i >= 0) seconds.push((performance.now() - started) / 1000);
    }
    rates[count] = count / median(seconds);
  }
  return rates;
}

async function tfjsRates({ say }: BenchContext, model: LoadedModel, rounds: number) {
  const { name } = await loadTfjs();
  if (name !== 'tfjs-node-gpu')
    throw new Error(
      `@tensorflow/tfjs-node-gpu with CUDA is not there (${name} is): tools/build-tfjs-node.sh . gpu`,
    );
  say(`  ${name}`);
  const engine = await createTfjsEngine(model.look);
  try {
    return await ratesOf(rounds, (data, count) => engine.run({ data, count, width: WIDTH, height: HEIGHT }));
  } finally {
    await engine.close();
  }
}

async function onnxRates(model: LoadedModel, rounds: number) {
  const { InferenceSession, Tensor } = loadOnnxRuntime();
  let session: Ort.InferenceSession;
  try {
    const executionProviders = ['cuda'];
    session = await InferenceSession.create(networkFile(model, 'look', 'f32'), { executionProviders });
  } catch (cause) {
    throw new Error(
      'onnxruntime-node has no CUDA provider here (its install script fetches it: docs/engines.md)',
      { cause },
    );
  }
  const rates = await ratesOf(rounds, (data, count) =>
    session.run({ [MODEL_INPUT]: new Tensor('uint8', data, [count, HEIGHT, WIDTH, 3]) }),
  );
  await session.release();
  return rates;
}

async function pythonRates(
  python: { readonly path: string } | string,
  folder: string,
  library: string,
  rounds: number,
): Promise<Record<number, number>> {
  if (typeof python === 'string') throw new Error(python);
  const numbers = [WIDTH, HEIGHT, rounds, ...COUNTS].map(String);
  const args = ['-B', join(FOLDER, 'bare_gpu.py'), folder, library, ...numbers];
  const { framesPerSecond, devices } = JSON.parse((await measure(python.path, args)).stdout);
  if (devices.length === 0) throw new Error(`${library} finds no GPU`);
  return framesPerSecond;
}

function sectionOf(card: string, sides: readonly Side[]) {
  const [tfjs, tensorflow, node, onnx] = sides as [Side, Side, Side, Side];
  const ratio = (a: Side, b: Side) => [
    `share of ${b.name}`,
    ...COUNTS.map((n) => fixed((a.rates[n] ?? Number.NaN) / (b.rates[n] ?? Number.NaN), 2)),
  ];
  const row = (side: Side) => [side.name, ...COUNTS.map((n) => fixed(side.rates[n], 0))];
  return {
    tables: [
      {
        head: ['frames a second by pictures a batch', ...COUNTS.map(String)],
        rows: [row(tfjs), row(tensorflow), ratio(tfjs, tensorflow), row(node), row(onnx), ratio(node, onnx)],
      },
    ],
    notes: [
      `${card}. The first look at 640x360 in 32-bit floats, bytes in and maps back in the processor’s memory; medians.`,
      ...sides.flatMap(({ name, missing }) =>
        missing === undefined ? [] : [`${name} is missing: ${missing}.`],
      ),
    ],
  };
}
