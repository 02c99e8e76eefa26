/**
 * A model's network in bare ONNX Runtime: `node dist/bench/bare-onnx.js MODEL COUNTS [THREADS]`. COUNTS: a file of
 * crop-counts.js; every picture gets the first look, and as many crops as it says the second. For file-cost.
 */
import { readFile } from 'node:fs/promises';
import { loadOnnxRuntime } from '../src/infer/engines/onnx.js';
import { lowerToFloat, MODEL_INPUT } from '../src/infer/engines/onnx-float.js';
import { lowerToInt8 } from '../src/infer/engines/onnx-int8.js';
import { int8WeightMax } from '../src/infer/engines/processor.js';
import type { ModelManifest } from '../src/infer/manifest.js';
import { loadModel } from '../src/infer/model/load.js';
import { CROP_PX, type Network } from '../src/infer/network.js';
import { HEIGHT, WIDTH } from './sampling.js';

const [folder = '', file = '', threads = '2'] = process.argv.slice(2);
const counts: number[] = JSON.parse(await readFile(file, 'utf8'));
const { look, verify, manifest } = await loadModel(folder);
const { InferenceSession, Tensor } = loadOnnxRuntime();

/** A run of `n` pictures of one size. */
async function bare(
  network: Network,
  ranges: ModelManifest['ranges'],
  means: ModelManifest['means'],
  width: number,
  height: number,
): Promise<(n: number) => Promise<unknown>> {
  // the same choice as --engine auto
  const bytes =
    ranges === undefined
      ? lowerToFloat(network, width, height)
      : lowerToInt8(network, { ranges, means: means ?? {}, weightMax: int8WeightMax() }, width, height);
  const session = await InferenceSession.create(bytes, {
    intraOpNumThreads: Number(threads),
    interOpNumThreads: 1,
    // Without it bare ONNX Runtime costs twice the processor time, and the ratio would flatter us.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  return (n) => {
    const pixels = new Uint8Array(n * width * height * 3).fill(127);
    return session.run({ [MODEL_INPUT]: new Tensor('uint8', pixels, [n, height, width, 3]) });
  };
}

const { ranges, means, cropRanges, cropMeans } = manifest;
const first = await bare(look, ranges, means, WIDTH, HEIGHT);
const second = await bare(verify, cropRanges, cropMeans, CROP_PX, CROP_PX);
for (const crops of counts) {
  await first(1);
  if (crops > 0) await second(crops);
}
