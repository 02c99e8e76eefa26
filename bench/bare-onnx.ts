/**
 * A model's network in bare ONNX Runtime: `node dist/bench/bare-onnx.js MODEL COUNTS [THREADS]`. COUNTS: a file of
 * crop-counts.js; every picture gets the first look,
 * whole and reduced, and as many crops as it says the second. For file-cost.
 */
import { loadModel } from '../src/infer/model/load.js';
import { CROP_PX } from '../src/infer/network.js';
import { bareNetwork, readCounts } from './bare.js';
import { HEIGHT, WIDTH } from './sampling.js';

const [folder = '', file = '', threads = '2'] = process.argv.slice(2);
const counts = await readCounts(file);
const model = await loadModel(folder);
const first = await bareNetwork(model, 'look', { threads: Number(threads) });
const reduced = await bareNetwork(model, 'reduced', { threads: Number(threads) });
const second = await bareNetwork(model, 'verify', { threads: Number(threads) });
const grey = (pictures: number, width: number, height: number) =>
  new Uint8Array(pictures * width * height * 3).fill(127);
for (const crops of counts) {
  await first.run(grey(1, WIDTH, HEIGHT), 1);
  await reduced.run(grey(1, 0.4 * WIDTH, 0.4 * HEIGHT), 1);
  if (crops > 0) await second.run(grey(crops, CROP_PX, CROP_PX), crops);
}
