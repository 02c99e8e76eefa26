import { createEngine } from '../../src/infer/engines/create.js';
import type { Engine } from '../../src/infer/engines/engine.js';
import { withOutputs } from '../../src/infer/network/compose.js';
import { loadShippedTrunk, shippedTrunks } from '../../src/infer/network/shipped.js';
import type { Picture } from '../../src/train/compose/raster.js';
import { hashOf, type WorkCache } from './cache.js';
import type { Matrix } from './dense.js';

/** What an asker starts from: a trunk that has learned ImageNet and nothing of logos. */
const TRUNK = 'efficientnet-lite0';
/** Its last stage before the classifier of ImageNet. */
const LAYER = 'stride32';
export const CHANNELS = 320;
/** Grows when features of an older program are no longer what this one would make. */
const VERSION = 1;
/** Pictures in one cached file: what a cut-off run may lose. */
const BLOCK = 32;
const AHEAD = 8;

/** Pictures that become rows of features. */
export interface PictureJob {
  /** Names all that the pictures depend on. */
  readonly key: string;
  /** Of 224x224; as many as all jobs of one call have. */
  pictures(): Promise<Picture[]>;
}

/** Global average pools of the trunk's 320-channel stage, kept in the cache. */
export class PooledFeatures {
  readonly #engine: Engine;
  readonly #cache: WorkCache;
  readonly #trunk: string;

  private constructor(engine: Engine, cache: WorkCache, trunk: string) {
    this.#engine = engine;
    this.#cache = cache;
    this.#trunk = trunk;
  }

  static async open(cache: WorkCache): Promise<PooledFeatures> {
    const trunk = shippedTrunks().find((t) => t.name === TRUNK);
    if (trunk === undefined) throw new Error(`no shipped trunk is called ${TRUNK}`);
    const network = withOutputs(await loadShippedTrunk(trunk), [LAYER]);
    // One thread: the other processor decodes meanwhile, and layers of 7x7 cells are too small to share.
    const engine = await createEngine(network, { kind: 'onnx-f32', threads: 1 });
    return new PooledFeatures(engine, cache, trunk.reference.weights.sha256);
  }

  /**
   * @param each pictures of a job
   * @returns jobs.length * each rows, job by job
   */
  async of(
    jobs: readonly PictureJob[],
    each: number,
    onJob: (done: number) => void = () => undefined,
  ): Promise<Matrix> {
    const data = new Float32Array(jobs.length * each * CHANNELS);
    for (let from = 0; from < jobs.length; from += BLOCK) {
      const block = jobs.slice(from, from + BLOCK);
      const key = hashOf(String(VERSION), this.#trunk, LAYER, ...block.map((j) => j.key));
      const rows = await this.#cache.floats(key, block.length * each * CHANNELS, () =>
        this.#extract(block, each, (done) => onJob(from + done)),
      );
      data.set(rows, from * each * CHANNELS);
      onJob(from + block.length);
    }
    return { data, columns: CHANNELS };
  }

  async close(): Promise<void> {
    await this.#engine.close();
  }

  async #extract(
    block: readonly PictureJob[],
    each: number,
    onJob: (done: number) => void,
  ): Promise<Float32Array> {
    const out = new Float32Array(block.length * each * CHANNELS);
    // Pictures are decoded ahead, so that the network need not wait for them.
    const waiting: Promise<Picture[]>[] = [];
    for (const [at, job] of block.entries()) {
      while (waiting.length < AHEAD && at + waiting.length < block.length) {
        const pictures = block[at + waiting.length]!.pictures();
        pictures.catch(() => undefined);
        waiting.push(pictures);
      }
      const pictures = await waiting.shift()!;
      if (pictures.length !== each) throw new RangeError(`${job.key}: ${pictures.length} pictures`);
      for (const [i, { data, width, height }] of pictures.entries()) {
        const map = (await this.#engine.run({ data, count: 1, width, height })).get(LAYER)!;
        out.set(averagePool(map.data, CHANNELS), (at * each + i) * CHANNELS);
      }
      onJob(at + 1);
    }
    return out;
  }
}

/** Mean over all cells of an NHWC map of one picture. */
export function averagePool(map: Float32Array, channels: number): Float32Array {
  const out = new Float32Array(channels);
  const cells = map.length / channels;
  for (let i = 0; i < map.length; i++) out[i % channels]! += map[i]! / cells;
  return out;
}
