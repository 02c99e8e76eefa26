/** A model's network in bare ONNX Runtime on N pictures: `node dist/bench/bare-onnx.js MODEL N [THREADS]`. For file-cost. */
import { loadOnnxRuntime } from '../src/infer/engines/onnx.js';
import { lowerToFloat, MODEL_INPUT } from '../src/infer/engines/onnx-float.js';
import { lowerToInt8 } from '../src/infer/engines/onnx-int8.js';
import { int8WeightMax } from '../src/infer/engines/processor.js';
import { loadModel } from '../src/infer/model/load.js';

const WIDTH = 640;
const HEIGHT = 360;
const [folder = '', count = '100', threads = '2'] = process.argv.slice(2);
const { look: network, manifest } = await loadModel(folder);
const { ranges, means = {} } = manifest;
// the same choice as --engine auto
const int8 = ranges !== undefined;
const bytes = int8
  ? lowerToInt8(network, { ranges, means, weightMax: int8WeightMax() }, WIDTH, HEIGHT)
  : lowerToFloat(network, WIDTH, HEIGHT);
const { InferenceSession, Tensor } = loadOnnxRuntime();
const session = await InferenceSession.create(bytes, {
  intraOpNumThreads: Number(threads),
  interOpNumThreads: 1,
  // Without it bare ONNX Runtime costs twice the processor time, and the ratio would flatter us.
  extra: { session: { intra_op: { allow_spinning: '0' } } },
});
const pixels = new Tensor('uint8', new Uint8Array(WIDTH * HEIGHT * 3).fill(127), [1, HEIGHT, WIDTH, 3]);
for (let i = 0; i < Number(count); i++) await session.run({ [MODEL_INPUT]: pixels });
