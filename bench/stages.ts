import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { MemoryBus } from '../src/bus/memory.js';
import { topics } from '../src/bus/topics.js';
import type { Appearance } from '../src/core/appearance.js';
import type { DetectionRecord, FrameDetections } from '../src/core/detection.js';
import { createEngine } from '../src/infer/engines/create.js';
import { runSmoothing } from '../src/infer/flow.js';
import { fuse } from '../src/infer/fusion.js';
import { type LoadedModel, VERIFY_OUTPUTS } from '../src/infer/model/load.js';
import { smoothingFor } from '../src/infer/model/onset.js';
import { reduced } from '../src/infer/network/coarse.js';
import { lookAtBoxes } from '../src/infer/network/second-look.js';
import { CROP_PX } from '../src/infer/network.js';
import { createNetworkDetector } from '../src/infer/network-detector.js';
import { type ShotState, shotStep } from '../src/infer/shot.js';
import { frameArguments } from '../src/ingest/ffmpeg/arguments.js';
import { FfmpegSession } from '../src/ingest/ffmpeg/session.js';
import type { SourceFrame } from '../src/ingest/source.js';
import { createJsonl } from '../src/sink/sinks/jsonl.js';
import { bareNetwork } from './bare.js';
import { measure } from './measure.js';
import { type BenchContext, cpuMsOf } from './part.js';
import { HEIGHT, sampling, WIDTH } from './sampling.js';

/** Processor time of all frames together, ms; `bare` where somebody else's program does the same. */
export interface Stage {
  readonly name: string;
  readonly ms: number;
  readonly bareMs?: number;
}

export interface Stages {
  readonly frames: number;
  readonly crops: number;
  readonly stages: readonly Stage[];
}

const silent = { emit: () => undefined };
const format = (fps: number, keyframesOnly = false) => ({ fps, width: WIDTH, height: HEIGHT, keyframesOnly });

/** Each stage of a file's way alone, one after the other, on one thread. */
export async function measureStages(
  { ffmpeg, folder }: BenchContext,
  model: LoadedModel,
  file: string,
  fps: number,
): Promise<Stages> {
  const ours = frameArguments(ffmpeg.capabilities, { options: [], url: file }, format(fps)).slice(0, -1);
  const bareArgs = [...sampling(ffmpeg, file, fps), '-f', 'rawvideo'];
  const decode = await measure(ffmpeg.path, [...ours, '-y', '/dev/null']);
  const bareDecode = await measure(ffmpeg.path, [...bareArgs, '-y', '/dev/null']);

  const frames: SourceFrame[] = [];
  const binary = ffmpeg;
  const input = { options: [], url: file };
  const reading = await cpuMsOf(async () => {
    const session = new FfmpegSession({ binary, input, format: format(fps), live: false, label: 'clip' });
    for await (const frame of session.frames()) frames.push(frame);
    await session.ended;
  });
  const bareReading = await cpuMsOf(async () => {
    const child = spawn(ffmpeg.path, [...bareArgs, 'pipe:1'], { stdio: ['ignore', 'pipe', 'ignore'] });
    child.stdout.on('data', () => undefined);
    await once(child, 'close');
  });

  const cuts: boolean[] = [];
  const shots = await cpuMsOf(async () => {
    let state: ShotState | undefined;
    for (const frame of frames) {
      const step = shotStep(state, frame);
      state = step.state;
      cuts.push(step.cut);
    }
  });
  const looks = await measureLooks(model, frames);
  const records = frames.map((frame, seq) => record(model, frame, seq, cuts[seq]!, looks.detections[seq]!));
  const { events, ms: smoothing } = await measureSmoothing(model, records);
  const sink = await createJsonl({ path: join(folder, 'events.jsonl') }, { telemetry: silent });
  const writing = await cpuMsOf(async () => {
    for (const event of events) await sink.write([event]);
  });
  await sink.close();
  return {
    frames: frames.length,
    crops: looks.crops,
    stages: [
      {
        name: 'decode, sample, scale (ffmpeg)',
        ms: 1000 * decode.cpuSeconds,
        bareMs: 1000 * bareDecode.cpuSeconds,
      },
      { name: 'pipe into frames', ms: reading, bareMs: bareReading },
      { name: 'shot cuts', ms: shots },
      ...looks.stages,
      { name: 'smoothing: detections into appearances', ms: smoothing },
      { name: 'events to a file, each on the disk', ms: writing },
    ],
  };
}

function record(
  { info }: LoadedModel,
  { ptsUs, arrivalMs }: SourceFrame,
  seq: number,
  shotCut: boolean,
  detections: FrameDetections['detections'],
): FrameDetections {
  const position = {
    streamId: 'clip',
    session: 'bench',
    ptsUs,
    wallTimeMs: arrivalMs,
    clock: 'arrival' as const,
  };
  const made = { modelId: info.id, modelHash: info.hash };
  return { kind: 'detections', ...position, seq, ageMs: 0, shotCut, ...made, detections };
}

async function measureLooks(model: LoadedModel, frames: readonly SourceFrame[]) {
  const { ranges, means, cropRanges, cropMeans } = model.manifest;
  const look = await createEngine(model.look, {
    threads: 1,
    ...(ranges && { ranges }),
    ...(means && { means }),
  });
  const verify = await createEngine(model.verify, {
    threads: 1,
    ...(cropRanges && { ranges: cropRanges }),
    ...(cropMeans && { means: cropMeans }),
  });
  const detector = await createNetworkDetector(model, { kind: 'auto', threads: 1 });
  const bareLook = await bareNetwork(model, 'look');
  const bareReduced = await bareNetwork(model, 'reduced');
  const bareVerify = await bareNetwork(model, 'verify');
  const pixels = (crops: number) => new Uint8Array(crops * CROP_PX * CROP_PX * 3).fill(127);
  const picture = (data: Uint8Array) => ({ data, count: 1, width: WIDTH, height: HEIGHT });
  await detector.detect([frames[0]!], { all: true });
  await look.run(picture(frames[0]!.data));
  await bareLook.run(frames[0]!.data, 1);
  const small = (frame: SourceFrame) => ({ ...reduced(frame), count: 1 });
  await look.run(small(frames[0]!));
  await bareReduced.run(small(frames[0]!).data, 1);
  await bareVerify.run(pixels(1), 1);
  await verify.run({ data: pixels(1), count: 1, width: CROP_PX, height: CROP_PX });

  const places: Awaited<ReturnType<typeof detector.places>> = [];
  const whole = await cpuMsOf(async () => {
    for (const frame of frames) places.push(...(await detector.places([frame])));
  });
  const first = await cpuMsOf(async () => {
    for (const { data } of frames) await look.run(picture(data));
  });
  const bareFirst = await cpuMsOf(async () => {
    for (const { data } of frames) await bareLook.run(data, 1);
  });
  const again = await cpuMsOf(async () => {
    for (const frame of frames) await look.run(small(frame));
  });
  const smalls = frames.map((frame) => small(frame).data);
  const bareAgain = await cpuMsOf(async () => {
    for (const data of smalls) await bareReduced.run(data, 1);
  });
  const boxes = places.map((found) => found.map(({ box }) => box));
  const second = await cpuMsOf(async () => {
    for (const [i, frame] of frames.entries()) await lookAtBoxes(verify, frame, boxes[i]!, VERIFY_OUTPUTS);
  });
  const bareSecond = await cpuMsOf(async () => {
    for (const own of boxes) if (own.length > 0) await bareVerify.run(pixels(own.length), own.length);
  });
  const { brands, priorOdds } = model.manifest;
  const fused = await cpuMsOf(async () => {
    for (const [i, { content }] of frames.entries())
      fuse(places[i]!, brands, priorOdds, content, { minScore: 0.01 });
  });
  const detections = places.map((found, i) =>
    fuse(found, brands, priorOdds, frames[i]!.content, { minScore: 0.01 }),
  );
  const bare = [bareLook, bareReduced, bareVerify];
  await Promise.all([look, verify, detector, ...bare].map((one) => one.close()));
  const stages: Stage[] = [
    { name: 'look at the picture', ms: first, bareMs: bareFirst },
    { name: 'look at the picture reduced, and reducing it', ms: again, bareMs: bareAgain },
    { name: 'places out of their maps', ms: Math.max(0, whole - first - again - second) },
    { name: 'second look at crops, sampled from the picture', ms: second, bareMs: bareSecond },
    { name: 'detections from both looks', ms: fused },
  ];
  return { stages, detections, crops: boxes.reduce((sum, own) => sum + own.length, 0) };
}

async function measureSmoothing(model: LoadedModel, records: readonly DetectionRecord[]) {
  const bus = new MemoryBus({ capacity: records.length + 1 });
  const events: Appearance[] = [];
  const collect = async () => {
    for await (const batch of bus.subscribe(topics.appearances, { group: 'bench', maxRecords: 64 })) {
      events.push(...batch.records.map(({ value }) => value));
      await batch.commit();
    }
  };
  const ms = await cpuMsOf(async () => {
    await bus.send(
      topics.detections,
      records.map((value) => ({ key: value.streamId, value })),
    );
    await bus.end(topics.detections);
    await Promise.all([
      runSmoothing({ bus, telemetry: silent, parameters: smoothingFor(model.info) }),
      collect(),
    ]);
  });
  await bus.close();
  return { events, ms };
}
