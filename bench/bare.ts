import { readFile } from 'node:fs/promises';
import type * as Ort from 'onnxruntime-node';
import { loadOnnxRuntime } from '../src/infer/engines/onnx.js';
import { lowerToFloat, MODEL_INPUT } from '../src/infer/engines/onnx-float.js';
import { lowerToInt8 } from '../src/infer/engines/onnx-int8.js';
import { int8WeightMax } from '../src/infer/engines/processor.js';
import type { LoadedModel } from '../src/infer/model/load.js';
import { CROP_PX } from '../src/infer/network.js';
import { HEIGHT, WIDTH } from './sampling.js';

export type Precision = 'int8' | 'f32';
/** The picture, the picture reduced, a crop. */
export type Look = 'look' | 'reduced' | 'verify';

const SIZES = {
  look: [WIDTH, HEIGHT],
  reduced: [0.4 * WIDTH, 0.4 * HEIGHT],
  verify: [CROP_PX, CROP_PX],
} as const;

/** What `auto` takes for the model. */
export const precisionOf = ({ manifest }: LoadedModel): Precision =>
  manifest.ranges === undefined ? 'f32' : 'int8';

/** One of the model's two networks as the ONNX file that our engines run: whole pictures, or crops. */
export function networkFile(model: LoadedModel, look: Look, precision: Precision): Uint8Array {
  const { ranges, means = {}, cropRanges, cropMeans = {} } = model.manifest;
  const [width, height] = SIZES[look];
  const network = look === 'verify' ? model.verify : model.look;
  if (precision === 'f32') return lowerToFloat(network, width, height);
  const weightMax = int8WeightMax();
  const rounding =
    look === 'verify'
      ? { ranges: cropRanges!, means: cropMeans, weightMax }
      : { ranges: ranges!, means, weightMax };
  return lowerToInt8(network, rounding, width, height);
}

export interface BareNetwork {
  /** rgb24, `count` pictures one after the other. */
  run(pixels: Uint8Array, count: number): Promise<Ort.InferenceSession.OnnxValueMapType>;
  close(): Promise<void>;
}

/** ONNX Runtime and nothing else, on the very bytes that our engine gives it. */
export async function bareNetwork(
  model: LoadedModel,
  look: Look,
  { precision = precisionOf(model), threads = 1 }: { precision?: Precision; threads?: number } = {},
): Promise<BareNetwork> {
  const { InferenceSession, Tensor } = loadOnnxRuntime();
  const session = await InferenceSession.create(networkFile(model, look, precision), {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Without it bare ONNX Runtime costs twice the processor time, and the ratio would flatter us.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
  const [width, height] = SIZES[look];
  return {
    run: (pixels, count) =>
      session.run({ [MODEL_INPUT]: new Tensor('uint8', pixels, [count, height, width, 3]) }),
    close: () => session.release(),
  };
}

/** Crops a frame, as crop-counts.js wrote them. */
export const readCounts = async (file: string): Promise<number[]> => JSON.parse(await readFile(file, 'utf8'));
