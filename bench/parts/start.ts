import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { repoRoot } from '../../src/core/root.js';
import { loadModel } from '../../src/infer/model/load.js';
import { CROP_PX } from '../../src/infer/network.js';
import { networkFile, precisionOf } from '../bare.js';
import { measure } from '../measure.js';
import { fixed, median, type Outcome, type Part } from '../part.js';
import { HEIGHT, WIDTH } from '../sampling.js';

/** Loads both networks and looks at one picture and one crop, by ONNX Runtime alone. */
const BARE = `
const { InferenceSession, Tensor } = require(process.argv[1]);
const run = async (file, width, height) => {
  const session = await InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  await session.run({ pixels: new Tensor('uint8', new Uint8Array(width * height * 3), [1, height, width, 3]) });
};
run(process.argv[2], ${WIDTH}, ${HEIGHT}).then(() => run(process.argv[3], ${CROP_PX}, ${CROP_PX}));
`;

/** How long it takes from nothing to an answer. */
export const start: Part = {
  name: 'start',
  title: 'Start-up',
  async run({ quick, model: folder, folder: scratch, clips, ffmpeg }): Promise<Outcome> {
    process.env.ORT_DISABLE_TELEMETRY = '1';
    const model = await loadModel(folder);
    const [look, verify] = [join(scratch, 'look.onnx'), join(scratch, 'verify.onnx')];
    await writeFile(look, networkFile(model, 'look', precisionOf(model)));
    await writeFile(verify, networkFile(model, 'verify', precisionOf(model)));
    const picture = join(scratch, 'picture.png');
    const { file } = await clips.small(60);
    await measure(ffmpeg.path, ['-v', 'error', '-nostdin', '-i', file, '-frames:v', '1', '-y', picture]);
    const cli = join(repoRoot(), 'dist', 'src', 'cli.js');
    const ort = join(repoRoot(), 'node_modules', 'onnxruntime-node');
    const cases = {
      'node, doing nothing': () => wall(['-e', '0']),
      'logowatch --version': () => wall([cli, '--version']),
      'bare ONNX Runtime: both networks, one picture': () => wall(['-e', BARE, ort, look, verify]),
      'logowatch detect, one picture': () => wall([cli, 'detect', folder, picture]),
      'logowatch watch, until a file’s first frame was looked at and all is closed': () =>
        wall([cli, 'watch', picture, '--model', folder, '--quiet']),
    };
    const times: Record<string, number[]> = {};
    for (let i = 0; i < (quick ? 3 : 5); i++)
      for (const [name, work] of Object.entries(cases)) {
        times[name] ??= [];
        times[name].push(await work());
      }
    const bare = median(times['bare ONNX Runtime: both networks, one picture'] ?? []);
    const rows = Object.entries(times).map(([name, own]) => {
      const seconds = median(own);
      return [name, fixed(seconds, 2), fixed(seconds / bare, 2)];
    });
    return {
      section: { tables: [{ head: ['', 'seconds', 'beside bare ONNX Runtime'], rows }], notes: [NOTE] },
      raw: times,
    };
  },
};

const NOTE =
  'Wall time from the start of the process to its end, by turns, medians. `detect` computes in floats and looks at a still more thoroughly; `watch` opens a thread a processor, ' +
  'each with a model of its own, and rounds the weights to 8 bits as it starts: models are kept in one form for all engines.';

async function wall(args: readonly string[]): Promise<number> {
  const started = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`node ${args.at(0)} ended with ${code}`);
  return (performance.now() - started) / 1000;
}
