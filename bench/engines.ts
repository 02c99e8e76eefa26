/**
 * Milliseconds a picture of every engine at 640x360, of the first look with a head of random weights,
 * and of bare ONNX Runtime on the same model and bytes: what the engine adds to it is the difference.
 *
 *     node dist/bench/engines.js [pictures a measurement, default 40] [threads, default 2]
 */
import { pathToFileURL } from 'node:url';
import { calibrate } from '../src/infer/engines/calibrate.js';
import { createEngine, type EngineOptions } from '../src/infer/engines/create.js';
import type { FeatureMaps } from '../src/infer/engines/engine.js';
import { loadOnnxRuntime } from '../src/infer/engines/onnx.js';
import { lowerToFloat, MODEL_INPUT } from '../src/infer/engines/onnx-float.js';
import { lowerToInt8 } from '../src/infer/engines/onnx-int8.js';
import { LOOK_OUTPUTS } from '../src/infer/model/load.js';
import { findCandidates } from '../src/infer/network/candidates.js';
import { joinNetworks } from '../src/infer/network/compose.js';
import { loadShippedTrunk } from '../src/infer/network/shipped.js';
import { randomHead, randomPicture } from '../test/infer/support.js';

const WIDTH = 640;
const HEIGHT = 360;
const BRANDS = 12;

interface Measurement {
  readonly medianMs: number;
  readonly bestMs: number;
  /** Processor time a picture, all threads. */
  readonly cpuMs: number;
}

async function measure(run: () => unknown, count: number): Promise<Measurement> {
  for (let i = 0; i < 3; i++) await run();
  const times: number[] = [];
  const before = process.cpuUsage();
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await run();
    times.push(performance.now() - start);
  }
  const { user, system } = process.cpuUsage(before);
  times.sort((a, b) => a - b);
  return { medianMs: times[count >> 1]!, bestMs: times[0]!, cpuMs: (user + system) / 1000 / count };
}

function print(name: string, { medianMs, bestMs, cpuMs }: Measurement): void {
  const cells = [medianMs, bestMs, cpuMs].map((v) => v.toFixed(2).padStart(10));
  process.stdout.write(`${name.padEnd(28)}${cells.join('')}\n`);
}

async function bareOnnx(
  model: Uint8Array,
  data: Uint8Array,
  threads: number,
  count: number,
): Promise<Measurement> {
  const { InferenceSession, Tensor } = loadOnnxRuntime();
  const session = await InferenceSession.create(model, { intraOpNumThreads: threads, interOpNumThreads: 1 });
  const pixels = new Tensor('uint8', data, [1, HEIGHT, WIDTH, 3]);
  const result = await measure(() => session.run({ [MODEL_INPUT]: pixels }), count);
  await session.release();
  return result;
}

export async function main(count: number, threads: number): Promise<void> {
  const network = joinNetworks(await loadShippedTrunk(), randomHead(BRANDS), LOOK_OUTPUTS);
  const pictures = [1, 2, 3, 4].map((seed) => ({
    width: WIDTH,
    height: HEIGHT,
    data: randomPicture(WIDTH, HEIGHT, seed),
  }));
  const calibration = await calibrate(network, pictures);
  const batch = { ...pictures[0]!, count: 1 };
  process.stdout.write(
    `${'ms a picture'.padEnd(28)}${['median', 'best', 'cpu'].map((s) => s.padStart(10)).join('')}\n`,
  );
  const models = [
    ['bare onnxruntime int8', lowerToInt8(network, calibration, WIDTH, HEIGHT)],
    ['bare onnxruntime f32', lowerToFloat(network, WIDTH, HEIGHT)],
  ] as const;
  for (const [name, model] of models) print(name, await bareOnnx(model, batch.data, threads, count));
  const engines: EngineOptions[] = [
    { kind: 'onnx-int8', ...calibration, threads },
    { kind: 'onnx-f32', threads },
    { kind: 'tfjs' },
  ];
  for (const options of engines) {
    const engine = await createEngine(network, options);
    print(
      engine.name,
      await measure(() => engine.run(batch), options.kind === 'tfjs' ? Math.ceil(count / 4) : count),
    );
    if (options.kind === 'onnx-f32') await decoding(await engine.run(batch), count);
    await engine.close();
  }
}

async function decoding(maps: FeatureMaps, count: number): Promise<void> {
  const content = { x: 0, y: 0, width: WIDTH, height: HEIGHT };
  print(
    'finding the places',
    await measure(() => findCandidates(maps, 0, content, { floor: -4, most: 8, logos: 4 }), count),
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main(Number(process.argv[2] ?? 40), Number(process.argv[3] ?? 2));
}
