import { spawnSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Box } from '../../src/core/geometry.js';
import { repoRoot } from '../../src/core/root.js';
import { type LoadedModel, loadModel } from '../../src/infer/model/load.js';
import type { SourceFrame } from '../../src/ingest/source.js';
import { bareNetwork, type Precision, precisionOf } from '../bare.js';
import { measure } from '../measure.js';
import { type BenchContext, cpuMsOf, fixed, type Outcome, type Part } from '../part.js';
import {
  type Agreement,
  agreement,
  ownDetections,
  type SeenFrame,
  writePeerNetwork,
} from '../peer-network.js';
import { pythonOf } from '../python.js';
import { watchRun } from '../watched.js';

const FPS = 5;
const COPIES = Math.min(8, availableParallelism());
const FOLDER = join(repoRoot(), 'bench', 'peers');
/** Pictures on which detections are compared pixel for pixel. */
const RAW_FRAMES = 40;

interface PeerRun {
  readonly name: string;
  readonly kind: 'opencv' | 'supervision';
  readonly precision: Precision;
  readonly looks: 'one' | 'two';
  readonly how: 'written' | 'tuned';
}

const RUNS: readonly PeerRun[] = [
  { name: 'OpenCV + ONNX Runtime, as written', kind: 'opencv', precision: 'f32', looks: 'two', how: 'written' },
  { name: 'OpenCV + ONNX Runtime, one thread that does not spin', kind: 'opencv', precision: 'f32', looks: 'two', how: 'tuned' },
  { name: 'the same, first look alone', kind: 'opencv', precision: 'f32', looks: 'one', how: 'tuned' },
  { name: 'supervision (frames, detections), one thread', kind: 'supervision', precision: 'f32', looks: 'two', how: 'tuned' },
  { name: 'OpenCV + our 8-bit network, one thread', kind: 'opencv', precision: 'int8', looks: 'two', how: 'tuned' },
]; // biome-ignore format: a table

interface PeerResult extends PeerRun {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly frames: number;
  readonly agreement: Agreement | null;
}

interface OwnResult {
  readonly name: string;
  readonly engine: string;
  readonly cpuSeconds: number;
  readonly frames: number;
  /** With our own detections in floats. */
  readonly agreement: Agreement;
}

/** What a user would pick instead, on the same file, with the same networks, in the same run. */
export const peers: Part = {
  name: 'peers',
  title: 'Peers: the same video and network in Python',
  async run(context): Promise<Outcome> {
    const python = await pythonOf(join(FOLDER, 'requirements.txt'));
    if (typeof python === 'string') return { skipped: python };
    const seconds = context.quick ? 10 : 60;
    const { file } = await context.clips.hd(seconds);
    const model = await loadModel(context.model);
    context.say('  our detections');
    const floats = await ownDetections(context, model, { file, fps: FPS, kind: 'onnx-f32' });
    const usual = await ownDetections(context, model, { file, fps: FPS, kind: 'auto' });
    const own: OwnResult[] = [];
    for (const [name, engine] of [
      ['logowatch, as it comes', 'auto'],
      ['logowatch, in floats', 'onnx-f32'],
    ] as const) {
      context.say(`  ${name}`);
      const watched = await watchRun({
        model: context.model,
        engine,
        streams: [{ streamId: 'clip', url: file, fps: FPS }],
      });
      const { engine: kind, runCpuSeconds: cpuSeconds, frames } = watched;
      const seen = engine === 'auto' ? usual.seen : floats.seen;
      own.push({ name, engine: kind, cpuSeconds, frames, agreement: agreement(floats.seen, seen) });
    }
    const run = (peer: PeerRun, source: string, kind: string = peer.kind) =>
      runPeer(context, python.path, peer, { source, kind, copies: kind === 'raw' ? 1 : COPIES });
    const folders = precisionOf(model) === 'int8' ? (['f32', 'int8'] as const) : (['f32'] as const);
    for (const precision of folders) await writePeerNetwork(context.folder, model, precision);
    const results: PeerResult[] = [];
    for (const peer of RUNS.filter(({ precision }) => folders.some((p) => p === precision))) {
      context.say(`  ${peer.name}`);
      const { frames, ...cost } = await run(peer, file);
      const compared =
        peer.looks === 'two' && peer.precision === 'f32' ? agreement(floats.seen, frames) : null;
      results.push({ ...peer, ...cost, frames: frames.length, agreement: compared });
    }
    const pictures = join(context.folder, 'pictures.rgb');
    // From the middle of the clip on, where logos are.
    const from = Math.floor(floats.frames.length / 3);
    const some = {
      frames: floats.frames.slice(from, from + RAW_FRAMES),
      seen: floats.seen.slice(from, from + RAW_FRAMES),
    };
    await writeFile(pictures, Buffer.concat(some.frames.map(({ data }) => data)));
    const { frames: raw } = await run(RUNS[1]!, pictures, 'raw');
    const samePixels = agreement(
      some.seen.map(({ found }, n) => ({ at: n / FPS, found })),
      raw,
    );
    const lookMs = await bareLookMs(model, some.frames);
    const dnn = ffmpegDnn(context.ffmpeg.path);
    return {
      section: sectionOf(seconds, own, results, samePixels, dnn, lookMs),
      raw: { seconds, own, results, samePixels, dnn, lookMs },
    };
  },
};

/** What pipeline.py prints. */
interface PeerReport {
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly frames: readonly {
    readonly at: number;
    readonly found: readonly (readonly [label: string, score: number, box: Box])[];
  }[];
}

/**
 * As many at once as there are processors, the mean of what they took: our pipeline uses all of them, and two threads of one
 * core slow each other.
 */
async function runPeer(
  { folder }: BenchContext,
  python: string,
  { precision, looks, how }: PeerRun,
  { source, kind, copies }: { source: string; kind: string; copies: number },
): Promise<{ cpuSeconds: number; wallSeconds: number; frames: SeenFrame[] }> {
  const args = [join(FOLDER, 'pipeline.py'), join(folder, precision), source, String(FPS), kind, looks, how];
  const runs = await Promise.all(
    Array.from({ length: copies }, async () => {
      const { stdout } = await measure(python, ['-B', ...args]);
      return JSON.parse(stdout) as PeerReport;
    }),
  );
  const mean = (of: (r: PeerReport) => number) => runs.reduce((sum, r) => sum + of(r), 0) / copies;
  const frames = runs[0]!.frames.map(({ at, found }) => ({
    at,
    found: found.map(([label, score, box]) => ({ label, score, box })),
  }));
  return { cpuSeconds: mean((r) => r.cpuSeconds), wallSeconds: mean((r) => r.wallSeconds), frames };
}

/** Processor time of the first look in bare ONNX Runtime, ms a picture: below that nobody comes who looks at each one. */
async function bareLookMs(model: LoadedModel, frames: readonly SourceFrame[]): Promise<number> {
  const bare = await bareNetwork(model, 'look');
  await bare.run(frames[0]!.data, 1);
  const ms = await cpuMsOf(async () => {
    for (const { data } of frames) await bare.run(data, 1);
  });
  await bare.close();
  return ms / frames.length;
}

/** Libraries that ffmpeg's dnn filters could load a network with; the build names them. */
function ffmpegDnn(path: string): string[] {
  const { stdout } = spawnSync(path, ['-hide_banner', '-buildconf'], { encoding: 'utf8' });
  return ['tensorflow', 'openvino', 'torch'].filter((name) => stdout.includes(`--enable-lib${name}`));
}

function sectionOf(
  seconds: number,
  own: readonly OwnResult[],
  results: readonly PeerResult[],
  samePixels: Agreement,
  dnn: readonly string[],
  lookMs: number,
) {
  const [ours] = own;
  const ratio = (cpuSeconds: number) => fixed(cpuSeconds / ours!.cpuSeconds, 2);
  const row = (name: string, r: { cpuSeconds: number; frames: number }, agreed: string) => [
    name,
    fixed(seconds / r.cpuSeconds, 2),
    ratio(r.cpuSeconds),
    fixed((1000 * r.cpuSeconds) / r.frames),
    agreed,
  ];
  const share = (a: number, of: number) => (of === 0 ? '-' : `${((100 * a) / of).toFixed(1)} %`);
  const floats = results.filter((r) => r.precision === 'f32' && r.looks === 'two');
  const best = floats.reduce((a, b) => (b.cpuSeconds < a.cpuSeconds ? b : a));
  const reached = best.cpuSeconds / ours!.cpuSeconds;
  return {
    tables: [
      {
        head: [
          '',
          'streams a core',
          'logowatch has so many times its streams',
          'CPU-ms a frame',
          'frames that report the same brands as logowatch in floats',
        ],
        rows: [
          ...own.map((r) =>
            row(`**${r.name}** (${r.engine})`, r, share(r.agreement.equalFrames, r.agreement.frames)),
          ),
          ...results.map((r) =>
            row(r.name, r, r.agreement === null ? '-' : share(r.agreement.equalFrames, r.agreement.frames)),
          ),
        ],
      },
    ],
    notes: [
      `The same ${seconds} s of 720p25 H.264 at full speed, ${FPS} frames a second, from when everything is loaded; CPU-seconds of all processes, of a peer as many at once as there are processors. The peers run the very ONNX files that logowatch ` +
        'gives to ONNX Runtime, the second look included and the one at the reduced picture left out, which favours them, on the same version of it (`bench/peers/`, installed from PyPI). They stop at detections: no supervision of sources, no smoothing, no events.',
      `Equal detections: on the same pixels (${samePixels.frames} frames), ${share(samePixels.equalFrames, samePixels.frames)} of the frames report the same brands, and ` +
        `${share(samePixels.shared, samePixels.detections)} of ${samePixels.detections} detections are in both; on the video ` +
        `${share(best.agreement!.shared, best.agreement!.detections)} of ${best.agreement!.detections}, since OpenCV scales pictures and crops otherwise than ffmpeg and we do.`,
      `Against the best Python peer in floats (${best.name}), logowatch as it comes has **${fixed(reached, 2)} times** the streams a core; the aim is 2. ` +
        `Its first look alone takes ${fixed(lookMs)} CPU-ms a frame in bare ONNX Runtime, so that with all else for nothing it would have ${fixed((1000 * best.cpuSeconds) / best.frames / lookMs, 2)} times: beyond that only fewer or smaller looks lead.`,
      'Roboflow’s `inference` was left out: its package asks for PyTorch (539 MB for itself alone) and some 190 packages more, whatever the network. ' +
        (dnn.length === 0
          ? 'ffmpeg’s own `dnn_*` filters are left out: this build has no library that could load the network (neither TensorFlow nor OpenVINO nor Torch).'
          : `ffmpeg’s own \`dnn_*\` filters are left out: this build has ${dnn.join(' and ')}, but they know no network with boxes on three strides.`),
    ],
  };
}
