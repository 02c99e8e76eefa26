/**
 * How many crops each frame of a video gets as a second look: `node dist/bench/crop-counts.js MODEL VIDEO FPS`. Prints a
 * JSON array, for the bare side of file-cost: what a frame costs depends on what it shows.
 */
import { spawn } from 'node:child_process';
import { loadModel } from '../src/infer/model/load.js';
import { createNetworkDetector } from '../src/infer/network-detector.js';
import { locateFfmpeg } from '../src/ingest/ffmpeg/locate.js';
import { HEIGHT, sampling, WIDTH } from './sampling.js';

const BYTES = WIDTH * HEIGHT * 3;
const [folder = '', video = '', fps = '5'] = process.argv.slice(2);
const model = await loadModel(folder);
const detector = await createNetworkDetector(model, {
  kind: model.manifest.ranges === undefined ? 'onnx-f32' : 'onnx-int8',
});
const ffmpeg = await locateFfmpeg();
const child = spawn(ffmpeg.path, [...sampling(ffmpeg, video, Number(fps)), '-f', 'rawvideo', 'pipe:1'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const counts: number[] = [];
const content = { x: 0, y: 0, width: WIDTH, height: HEIGHT };
let rest = Buffer.alloc(0);
for await (const chunk of child.stdout) {
  rest = Buffer.concat([rest, chunk as Buffer]);
  while (rest.length >= BYTES) {
    const data = rest.subarray(0, BYTES);
    rest = Buffer.from(rest.subarray(BYTES));
    const [places] = await detector.places([{ width: WIDTH, height: HEIGHT, content, data }]);
    counts.push(places!.length);
  }
}
await detector.close();
process.stdout.write(`${JSON.stringify(counts)}\n`);
