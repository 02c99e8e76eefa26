import { resolve } from 'node:path';
import type { ForeignInput, ForeignNetwork, ForeignOutput } from '../../infer/foreign/foreign.js';
import { openForeign } from '../../infer/foreign/open.js';
import { MODEL_FORMAT } from '../../infer/model/schema.js';
import type { WrappedManifest } from '../../infer/model/wrapped.js';
import { loadShippedTrunk, shippedTrunk } from '../../infer/network/shipped.js';
import type { Network } from '../../infer/network.js';
import { createWrapped, type ForeignPlace, type WrappedDetector } from '../../infer/wrapped-detector.js';
import { PRIOR_ODDS } from '../calibrate.js';
import { type ComposedFrame, FRAME_SHAPES } from '../compose/composer.js';
import { checkOutput } from '../model-folder.js';
import { describeInput, describeOutput } from './describe.js';
import { learnHead } from './examples.js';
import {
  calibrateBoth,
  calibrateOneSided,
  namedRightly,
  negativesOf,
  noneLogit,
  type SeenFrame,
} from './fit.js';
import { type Job, prepare, type WrapOptions, withFoundPlaces } from './job.js';
import { saveWrapped } from './save.js';
import { readForeignSource, readLabels } from './source.js';

export type { WrapOptions } from './job.js';

const PROBES = 4;

export interface WrapSummary {
  readonly output: string;
  readonly task: ForeignOutput['task'];
  readonly input: ForeignInput;
  readonly networkOutput: ForeignOutput;
  /** `two-sided`: fitted on logos and background; `one-sided`: on background alone. */
  readonly fit: 'two-sided' | 'one-sided';
  /** Share of the example logos in composed pictures that the network alone names rightly. */
  readonly namedRightly?: number;
  readonly frames: number;
  readonly negatives: number;
  /** Example pictures in which the logo was not found for sure. */
  readonly doubtful: number;
  readonly falseFrameRate: number;
  readonly brands: WrappedManifest['brands'];
}

/**
 * Makes a model folder of a user's own classifier or detector: nothing is trained in it, its evidence is fitted.
 * Errors: usage, model-missing, model-damaged, model-incompatible, dataset-invalid, disk-full.
 */
export async function wrapModel(options: WrapOptions): Promise<WrapSummary> {
  await checkOutput(options.output);
  const files = await readForeignSource(options.network);
  const all = await readLabels(options.labels);
  const asked = await prepare(options, all);
  const beforeSoftmax = options.detector === undefined && options.outputKind !== 'sigmoid';
  const network = await openForeign(files, { threads: 2, beforeSoftmax });
  let taken = false;
  try {
    const input = describeInput(network, options);
    const probes = await Promise.all(
      Array.from({ length: PROBES }, (_, i) => asked.composers.heldOut.frame(i)),
    );
    const output = await describeOutput(network, input, all.length, options, probes);
    const described = {
      ...input,
      aspect: options.aspect ?? (output.task === 'detector' ? 'keep' : 'stretch'),
    };
    const trunk = await loadShippedTrunk();
    const job = await withFoundPlaces(asked, trunk);
    const { examples } = job.composers;
    const head = examples && (await learnHead(job, trunk, examples));
    const manifest = draft(job, described, output, files.kind);
    taken = true;
    const fitted = await fit(job, manifest, { trunk, head, network });
    const { foreign, ...rest } = fitted.manifest;
    await saveWrapped(resolve(options.output), {
      manifest: { ...rest, foreign: { input: described, output: foreign.output } },
      files,
      head,
    });
    return { ...fitted.summary, output: options.output, input: described, doubtful: job.doubtful };
  } finally {
    if (!taken) await network.close();
  }
}

function draft(
  { options, labels, channels }: Job,
  input: ForeignInput,
  output: ForeignOutput,
  kind: WrappedManifest['foreign']['kind'],
): WrappedManifest {
  const nothing = { file: 'none', sha256: '' };
  return {
    format: MODEL_FORMAT,
    kind: 'wrapped',
    id: resolve(options.output).split(/[/\\]/).at(-1)!,
    createdAt: new Date().toISOString(),
    inputs: FRAME_SHAPES.map(({ width, height }) => ({ width, height })),
    trunk: shippedTrunk().reference,
    foreign: { kind, main: nothing, parts: [], input, output },
    brands: labels.map((label, k) => ({
      label,
      channel: channels[k]!,
      logo: 0,
      look: 1,
      verify: 0,
      offset: 0,
      threshold: 0.5,
    })),
    priorOdds: PRIOR_ODDS,
  };
}

async function fit(
  job: Job,
  drafted: WrappedManifest,
  { trunk, head, network }: { trunk: Network; head: Network | undefined; network: ForeignNetwork },
): Promise<{ manifest: WrappedManifest; summary: Omit<WrapSummary, 'output' | 'input' | 'doubtful'> }> {
  const { labels, channels, frames } = job;
  const detector = await createWrapped({ manifest: drafted, trunk, head, foreign: network }, '', {
    kind: 'onnx-f32',
  });
  try {
    const seen = await lookAtFrames(job, detector);
    const free = seen.filter((f) => f.frame.targets.length === 0).map((f) => f.places);
    const { output } = drafted.foreign;
    const settled: ForeignOutput =
      output.task === 'classifier' && output.kind === 'logits'
        ? { ...output, noneLogit: noneLogit(free, channels) }
        : output;
    const manifest = { ...drafted, foreign: { ...drafted.foreign, output: settled } };
    const judged = seen.map(
      ({ frame, places }): SeenFrame => ({
        targets: frame.targets,
        places: places.map((p) => detector.candidate(p, settled)),
      }),
    );
    const { brands, negatives, falseFrameRate } =
      head === undefined ? calibrateOneSided(labels, negativesOf(judged)) : calibrateBoth(labels, judged);
    const fitted = brands.map((b, k) => ({ ...b, channel: channels[k]! }));
    const fitKind = head === undefined ? 'one-sided' : 'two-sided';
    const facts = {
      fit: fitKind,
      ...(head && { namedRightly: namedRightly(judged) }),
      frames,
      negatives,
      falseFrameRate,
    } as const;
    return {
      manifest: { ...manifest, brands: fitted, training: facts },
      summary: { task: output.task, networkOutput: settled, ...facts, brands: fitted },
    };
  } finally {
    await detector.close();
  }
}

interface Looked {
  readonly frame: Pick<ComposedFrame, 'targets'>;
  readonly places: readonly ForeignPlace[];
}

async function lookAtFrames(
  { options, composers, frames }: Job,
  detector: WrappedDetector,
): Promise<Looked[]> {
  const seen: Looked[] = [];
  for (let i = 0; i < frames; i++) {
    options.signal?.throwIfAborted();
    const { width, height, data, targets } = await composers.heldOut.frame(i);
    const image = { width, height, data, content: { x: 0, y: 0, width, height } };
    seen.push({ frame: { targets }, places: await detector.looks(image, { thorough: true }) });
    options.onProgress?.(`your network on composed pictures: ${i + 1}/${frames}`);
  }
  return seen;
}
