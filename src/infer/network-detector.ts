import type { Detection } from '../core/detection.js';
import { LogowatchError } from '../core/errors.js';
import type { DetectOptions, Detector, DetectorImage, ModelInfo } from './detector.js';
import { createEngine } from './engines/create.js';
import { ENGINE_KINDS, type Engine, type EngineKind } from './engines/engine.js';
import { type LoadedModel, loadModel } from './model/load.js';
import { HeadDecoder } from './network/decode.js';

export interface DetectorOptions {
  /** One of ENGINE_KINDS; default `auto`. */
  readonly engine?: string | undefined;
  /** Threads of one inference. */
  readonly threads?: number | undefined;
}

/**
 * Loads a model and gets it ready: the first picture of the model's first size is as quick as the next.
 * Errors: model-missing, model-damaged, model-incompatible, engine-unavailable, usage for an unknown engine.
 */
export async function createDetector(
  folder: string,
  options: DetectorOptions = {},
): Promise<NetworkDetector> {
  const kind = engineKind(options.engine ?? 'auto');
  const model = await loadModel(folder);
  const { ranges, means } = model.manifest;
  const engine = await createEngine(model.network, {
    kind,
    ...(ranges === undefined ? {} : { ranges }),
    ...(means === undefined ? {} : { means }),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  });
  const detector = new NetworkDetector(model, engine);
  try {
    await detector.warmUp();
  } catch (error) {
    await detector.close();
    throw error;
  }
  return detector;
}

function engineKind(name: string): EngineKind {
  const kind = ENGINE_KINDS.find((k) => k === name);
  if (kind !== undefined) return kind;
  throw new LogowatchError('usage', 'There is no such engine', {
    value: name,
    remedy: `Choose one of ${ENGINE_KINDS.join(', ')}`,
  });
}

/** A trained network as a Detector. */
export class NetworkDetector implements Detector {
  readonly model: ModelInfo;
  readonly #engine: Engine;
  readonly #decoder: HeadDecoder;

  constructor({ manifest, info }: Pick<LoadedModel, 'manifest' | 'info'>, engine: Engine) {
    this.model = { ...info, engine: engine.name };
    this.#engine = engine;
    this.#decoder = new HeadDecoder(manifest.brands, manifest.priorOdds);
  }

  async detect(images: readonly DetectorImage[], options: DetectOptions = {}): Promise<Detection[][]> {
    const results: Detection[][] = images.map(() => []);
    for (const indices of batches(images, this.#engine.batchSize)) {
      const batch = indices.map((i) => images[i]!);
      const { width, height } = batch[0]!;
      const maps = await this.#engine.run({ data: joined(batch), count: batch.length, width, height });
      indices.forEach((index, position) => {
        results[index] = this.#decoder.decode(maps, position, images[index]!.content, options);
      });
    }
    return results;
  }

  /** Runs one grey picture, so that sessions are made and memory is held before the first real one. */
  async warmUp(): Promise<void> {
    const { width, height } = this.model.inputs[0]!;
    const content = { x: 0, y: 0, width, height };
    await this.detect([{ width, height, content, data: new Uint8Array(width * height * 3).fill(127) }]);
  }

  async close(): Promise<void> {
    await this.#engine.close();
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

/** A single picture goes in without a copy. */
function joined(images: readonly DetectorImage[]): Uint8Array {
  if (images.length === 1) return images[0]!.data;
  const size = images[0]!.data.length;
  const data = new Uint8Array(size * images.length);
  images.forEach((image, i) => {
    data.set(image.data, i * size);
  });
  return data;
}
