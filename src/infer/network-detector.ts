import type { Detection } from '../core/detection.js';
import { LogowatchError } from '../core/errors.js';
import type { DetectOptions, Detector, DetectorImage, ModelInfo } from './detector.js';
import { createEngine } from './engines/create.js';
import { type Batch, ENGINE_KINDS, type Engine, type EngineKind } from './engines/engine.js';
import { fuse, type VerifiedCandidate } from './fusion.js';
import type { ModelManifest } from './manifest.js';
import { type LoadedModel, loadModel, readManifest, VERIFY_OUTPUTS } from './model/load.js';
import { isWrapped } from './model/wrapped.js';
import { type Candidate, type CandidateOptions, findCandidates } from './network/candidates.js';
import { isReducible, reduced, withCoarse } from './network/coarse.js';
import { lookAtBoxes } from './network/second-look.js';
import { windowCandidates } from './network/windows.js';
import { greyPicture, warmedUp } from './warm-up.js';
import { loadWrapped } from './wrapped-detector.js';

/**
 * Places of a picture that get a second look, for a brand's sake (`most`) and for any logo's (`logos`); each costs about a
 * twentieth of the first look.
 */
export const LIVE = { most: 4, logos: 2, logoFloor: -1 };
/** With a floor of its own: a still is worth a look at places that a live frame is not. */
const THOROUGH = { most: 12, logos: 12, floor: -8 };
/** Of the reduced picture, which is asked for large marks alone: there are never many. */
const COARSE = { most: 2, logos: 2 };

export interface DetectorOptions {
  /** One of ENGINE_KINDS; default `auto`. */
  readonly engine?: string | undefined;
  /** Threads of one inference. */
  readonly threads?: number | undefined;
  /** With `auto`: never in 8 bits. For stills, where a score matters more than 20 ms. */
  readonly exact?: boolean | undefined;
}

/**
 * Loads a model of any kind and gets it ready: the first picture of the model's first size is as quick as the next.
 * Errors: model-missing, model-damaged, model-incompatible, engine-unavailable, usage for an unknown engine.
 */
export async function createDetector(folder: string, options: DetectorOptions = {}): Promise<Detector> {
  const kind = engineKind(options.engine ?? 'auto');
  const { threads, exact } = options;
  const manifest = await readManifest(folder);
  if (isWrapped(manifest.value)) return loadWrapped(folder, manifest, { kind, threads });
  const model = await loadModel(folder);
  return warmedUp(await createNetworkDetector(model, { kind, threads, exact }));
}

/** A detector of a model in memory. */
export async function createNetworkDetector(
  model: LoadedModel,
  { kind, threads, exact }: Omit<DetectorOptions, 'engine'> & { kind: EngineKind },
): Promise<NetworkDetector> {
  const { ranges, means, cropRanges, cropMeans } = model.manifest;
  const common = { kind, ...(threads === undefined ? {} : { threads }) };
  const rounding = (r: typeof ranges, m: typeof means) => ({
    ...(r === undefined || (exact && kind === 'auto') ? {} : { ranges: r }),
    ...(m === undefined ? {} : { means: m }),
  });
  const look = await createEngine(model.look, { ...common, ...rounding(ranges, means) });
  try {
    const verify = await createEngine(model.verify, { ...common, ...rounding(cropRanges, cropMeans) });
    return new NetworkDetector(model, look, verify);
  } catch (error) {
    await look.close();
    throw error;
  }
}

function engineKind(name: string): EngineKind {
  const kind = ENGINE_KINDS.find((k) => k === name);
  if (kind !== undefined) return kind;
  throw new LogowatchError('usage', 'There is no such engine', {
    value: name,
    remedy: `Choose one of ${ENGINE_KINDS.join(', ')}`,
  });
}

/** A trained network as a Detector: a look at the whole picture, and a second one at the best places. */
export class NetworkDetector implements Detector {
  readonly model: ModelInfo;
  readonly #manifest: ModelManifest;
  readonly #look: Engine;
  readonly #verify: Engine;

  constructor({ manifest, info }: Pick<LoadedModel, 'manifest' | 'info'>, look: Engine, verify: Engine) {
    this.model = { ...info, engine: look.name };
    this.#manifest = manifest;
    this.#look = look;
    this.#verify = verify;
  }

  get batchSize(): number {
    return this.#look.batchSize;
  }

  async detect(images: readonly DetectorImage[], options: DetectOptions = {}): Promise<Detection[][]> {
    const { brands, priorOdds } = this.#manifest;
    const places = await this.places(images, options);
    return places.map((found, i) => fuse(found, brands, priorOdds, images[i]!.content, options));
  }

  /** The places of each picture with both looks' logits, not yet calibrated. */
  async places(
    images: readonly DetectorImage[],
    { all, thorough }: Pick<DetectOptions, 'all' | 'thorough'> = {},
  ): Promise<VerifiedCandidate[][]> {
    const results: VerifiedCandidate[][] = images.map(() => []);
    const limits = thorough ? THOROUGH : { ...LIVE, floor: this.#manifest.candidateLogit };
    const options = { ...limits, all };
    for (const indices of batches(images, this.#look.batchSize)) {
      const batch = indices.map((i) => images[i]!);
      const found = await this.#firstLook(batch, options, thorough ?? false);
      for (const [position, index] of indices.entries())
        results[index] = await this.#secondLook(batch[position]!, found[position]!);
    }
    return results;
  }

  /** At the pictures and, for marks that fill live ones, at the pictures reduced: a still has windows for them. */
  async #firstLook(
    batch: readonly DetectorImage[],
    options: CandidateOptions,
    thorough: boolean,
  ): Promise<Candidate[][]> {
    const maps = await this.#look.run(joined(batch));
    const places = batch.map(({ content }, n) => findCandidates(maps, n, content, options));
    if (thorough)
      return places.map((found, n) => [...found, ...windowCandidates(maps, n, batch[n]!.content)]);
    if (!isReducible(batch[0]!)) return places;
    const small = batch.map(reduced);
    const coarse = await this.#look.run(joined(small));
    return places.map((found, n) => {
      const large = findCandidates(coarse, n, small[n]!.content, { ...options, ...COARSE });
      return withCoarse(found, large, batch[n]!.content);
    });
  }

  async #secondLook(image: DetectorImage, candidates: readonly Candidate[]): Promise<VerifiedCandidate[]> {
    const boxes = candidates.map(({ box }) => box);
    const verify = await lookAtBoxes(this.#verify, image, boxes, VERIFY_OUTPUTS);
    return candidates.map(({ box, logo, logits, window = false, coarse = false }, n) => ({
      box,
      window,
      coarse,
      logo,
      look: logits,
      verify: verify[n]!,
    }));
  }

  /** Runs one grey picture and crop, so that sessions are made and memory is held before the first real one. */
  async warmUp(): Promise<void> {
    await this.detect([greyPicture(this.model)], { all: true });
  }

  async close(): Promise<void> {
    await Promise.all([this.#look.close(), this.#verify.close()]);
  }
}

/** Places of pictures of one size, at most `most` together. */
function batches(images: readonly DetectorImage[], most: number): number[][] {
  const open = new Map<string, number[]>();
  const result: number[][] = [];
  images.forEach(({ width, height, data }, index) => {
    if (data.length !== width * height * 3) {
      throw new LogowatchError('internal', 'A picture has another number of bytes than its size says', {
        value: `${width}x${height}: ${data.length}`,
      });
    }
    const key = `${width}x${height}`;
    const current = open.get(key);
    if (current !== undefined && current.length < most) {
      current.push(index);
      return;
    }
    const started = [index];
    open.set(key, started);
    result.push(started);
  });
  return result;
}

/** Pictures of one size as one batch; a single one goes in without a copy. */
function joined(images: readonly DetectorImage[]): Batch {
  const [first] = images;
  const { width, height, data: single } = first!;
  const count = images.length;
  if (count === 1) return { data: single, count, width, height };
  const data = new Uint8Array(single.length * count);
  images.forEach((image, i) => {
    data.set(image.data, i * single.length);
  });
  return { data, count, width, height };
}
