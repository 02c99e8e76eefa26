/**
 * How many crops each frame of a video gets as a second look: `node dist/bench/crop-counts.js MODEL VIDEO FPS
 * [keyframes]`. Prints a JSON array, for the bare side of file-cost: what a frame costs depends on what it shows.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { loadModel } from '../src/infer/model/load.js';
import { createNetworkDetector } from '../src/infer/network-detector.js';
import { locateFfmpeg } from '../src/ingest/ffmpeg/locate.js';
import { HEIGHT, sampling, WIDTH } from './sampling.js';

const BYTES = WIDTH * HEIGHT * 3;
const [folder = '', video = '', fps = '5', keyframes] = process.argv.slice(2);
const detector = await createNetworkDetector(await loadModel(folder), { kind: 'auto' });
const ffmpeg = await locateFfmpeg();
const skip = keyframes === undefined ? [] : ['-skip_frame', 'nokey'];
const args = [...skip, ...sampling(ffmpeg, video, Number(fps)), '-f', 'rawvideo', 'pipe:1'];
const child = spawn(ffmpeg.path, args, { stdio: ['ignore', 'pipe', 'inherit'] });
const ended = once(child, 'close');
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
await ended;
await detector.close();
if (child.exitCode !== 0 || counts.length === 0)
  throw new Error(`ffmpeg ended with ${child.exitCode} after ${counts.length} frames`);
process.stdout.write(`${JSON.stringify(counts)}\n`);
