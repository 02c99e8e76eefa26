import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadModel } from '../../src/infer/model/load.js';
import { measure } from '../measure.js';
import { type BenchContext, fixed, type Outcome, type Part } from '../part.js';
import { sampling } from '../sampling.js';
import { measureStages, type Stages } from '../stages.js';
import { script, type Watched, watchRun } from '../watched.js';

/** How a stream is watched. */
interface Mode {
  readonly name: string;
  readonly fps: number;
  readonly keyframesOnly?: boolean;
  /** Times that the clip is watched in a row. */
  readonly loops: number;
}

const MODES: readonly Mode[] = [
  { name: '5 frames/s', fps: 5, loops: 1 },
  { name: '2 frames/s', fps: 2, loops: 2 },
  { name: 'keyframes, one in 2 s', fps: 5, keyframesOnly: true, loops: 6 },
];

interface ModeCost extends Mode {
  readonly frames: number;
  readonly crops: number;
  readonly decodeCpuSeconds: number;
  readonly networkCpuSeconds: number;
  readonly watched: Omit<Watched, 'events' | 'arrivals'>;
}

/** What a frame costs by stage, and how many streams a core carries, both beside bare ffmpeg and bare ONNX Runtime. */
export const cost: Part = {
  name: 'cost',
  title: 'What a frame costs, and streams a core',
  async run(context): Promise<Outcome> {
    const seconds = context.quick ? 30 : 60;
    const { file } = await context.clips.hd(seconds);
    const model = await loadModel(context.model);
    context.say('  stages');
    const stages = await measureStages(context, model, file, MODES[0]!.fps);
    const modes: ModeCost[] = [];
    for (const mode of MODES) {
      context.say(`  ${mode.name}`);
      modes.push(await measureMode(context, file, mode));
    }
    return {
      section: {
        tables: [stageTable(stages, modes[0]!), streamTable(modes, seconds)],
        notes: [
          `CPU-milliseconds a frame of 720p25 H.264 at 3.8 Mb/s (a generated broadcast, ${seconds} s, full of the model's logos), 5 frames a second, ${stages.frames} frames, ` +
            `${(stages.crops / stages.frames).toFixed(1)} crops a frame. Each stage ran alone, on one thread; the whole is the ordinary pipeline in a process of its own, ` +
            'a thread of the detector a processor, its start left out. What the whole costs beyond the sum is copies between threads, the bus, the garbage collector, and stages that slow one another.',
          'Streams a core are seconds of the clip over CPU-seconds of all processes, at full speed. The limit is the same ffmpeg sampling and scaling into nothing, and the same networks on as many pictures and crops in bare ONNX Runtime, one after the other.',
        ],
      },
      raw: { seconds, stages, modes },
    };
  },
};

async function measureMode(context: BenchContext, clip: string, mode: Mode): Promise<ModeCost> {
  const file = await context.clips.looped(clip, mode.loops);
  const { ffmpeg, folder, model } = context;
  const keyframes = mode.keyframesOnly ? ['-skip_frame', 'nokey'] : [];
  const args = [...keyframes, ...sampling(ffmpeg, file, mode.fps), '-f', 'rawvideo', '-y', '/dev/null'];
  const decode = await measure(ffmpeg.path, args);
  const stream = { streamId: 'clip', url: file, fps: mode.fps, keyframesOnly: mode.keyframesOnly ?? false };
  const { events: _, arrivals: __, ...watched } = await watchRun({ model, streams: [stream] });
  const counted = await measure(process.execPath, [
    script('crop-counts'),
    model,
    file,
    String(mode.fps),
    ...(mode.keyframesOnly ? ['keyframes'] : []),
  ]);
  const counts: number[] = JSON.parse(counted.stdout);
  const path = join(folder, 'counts.json');
  await writeFile(path, counted.stdout);
  const network = await measure(process.execPath, [script('bare-onnx'), model, path, '1']);
  await writeFile(path, '[0]');
  const start = await measure(process.execPath, [script('bare-onnx'), model, path, '1']);
  // One picture is left in what is taken off: its share is given back.
  const perPicture = (network.cpuSeconds - start.cpuSeconds) / Math.max(1, counts.length - 1);
  return {
    ...mode,
    frames: counts.length,
    crops: counts.reduce((a, b) => a + b, 0),
    decodeCpuSeconds: decode.cpuSeconds,
    networkCpuSeconds: network.cpuSeconds - start.cpuSeconds + perPicture,
    watched,
  };
}

function stageTable({ frames, stages }: Stages, whole: ModeCost) {
  const ms = (value: number | undefined) => fixed(value === undefined ? undefined : value / frames, 2);
  const watchedMs = 1000 * whole.watched.runCpuSeconds;
  const sum = stages.reduce((total, s) => total + s.ms, 0);
  const bare = 1000 * (whole.decodeCpuSeconds + whole.networkCpuSeconds);
  const row = (name: string, value: number, limit?: number) => [
    name,
    ms(value),
    ms(limit),
    limit === undefined ? '-' : fixed(value / limit, 2),
    `${((100 * value) / watchedMs).toFixed(1)} %`,
  ];
  return {
    head: ['CPU-ms a frame', 'logowatch', 'bare', 'ratio', 'share of the whole'],
    rows: [
      ...stages.map((s) => row(s.name, s.ms, s.bareMs)),
      row('sum of the stages', sum),
      row('**the whole pipeline**; bare: ffmpeg and ONNX Runtime', watchedMs, bare),
    ],
  };
}

function streamTable(modes: readonly ModeCost[], seconds: number) {
  return {
    head: [
      '',
      'streams a core',
      'limit: bare ffmpeg and ONNX Runtime',
      'share of the limit',
      'CPU-ms a frame',
      'frames, dropped',
    ],
    rows: modes.map((m) => {
      const bare = m.decodeCpuSeconds + m.networkCpuSeconds;
      const { runCpuSeconds, frames, dropped } = m.watched;
      return [
        m.name,
        fixed((seconds * m.loops) / runCpuSeconds),
        fixed((seconds * m.loops) / bare),
        fixed(bare / runCpuSeconds, 2),
        fixed((1000 * runCpuSeconds) / frames),
        `${frames}, ${dropped}`,
      ];
    }),
  };
}
