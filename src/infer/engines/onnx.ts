import { createRequire } from 'node:module';
import type * as Ort from 'onnxruntime-node';
import { LogowatchError } from '../../core/errors.js';
import type { Batch, Engine, FeatureMap, FeatureMaps } from './engine.js';
import { MODEL_INPUT } from './onnx-float.js';

type Lowering = (width: number, height: number) => Uint8Array;

/** Picture sizes a process meets are few; more than this is a caller that does not letterbox. */
const SIZES_MAX = 16;

export interface OnnxOptions {
  readonly name: string;
  readonly threads: number;
}

/**
 * ONNX Runtime 1.29 and later report each use to their makers, except on Windows. To get ready for it on Linux they
 * match the process's command line with a regular expression that recurses for each character: at some 29,000 of
 * them, 470 pictures named one by one, the usual stack of 8 MB overflows and the process dies. The first session
 * reads the variable; it is set earlier, as this module loads, when no other thread reads the environment yet.
 */
process.env.ORT_DISABLE_TELEMETRY = '1';

/** Loads the native library when it is first wanted, so that the tfjs engines work where it does not load. */
export function loadOnnxRuntime(): typeof Ort {
  try {
    return createRequire(import.meta.url)('onnxruntime-node') as typeof Ort;
  } catch (cause) {
    throw new LogowatchError('engine-unavailable', 'ONNX Runtime does not load on this machine', {
      value: `${process.platform}-${process.arch}`,
      remedy: 'Use --engine tfjs, or install onnxruntime-node for this platform',
      cause,
    });
  }
}

export function canRunOnnx(): boolean {
  try {
    loadOnnxRuntime();
    return true;
  } catch {
    return false;
  }
}

/**
 * ONNX Runtime on CPU: one session a picture size, made when that size first comes. The Node binding runs
 * in the caller's thread: nothing else does for as long as one picture takes.
 */
export class OnnxEngine implements Engine {
  readonly name: string;
  /** On CPU eight pictures take eight times as long as one, and hold up the others. */
  readonly batchSize = 1;
  readonly #ort = loadOnnxRuntime();
  readonly #lower: Lowering;
  readonly #settings: Ort.InferenceSession.SessionOptions;
  readonly #sessions = new Map<string, Promise<Ort.InferenceSession>>();
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(lower: Lowering, options: OnnxOptions) {
    this.#lower = lower;
    this.name = options.name;
    this.#settings = sessionOptions(options);
  }

  run(batch: Batch): Promise<FeatureMaps> {
    const result = this.#last.then(() => this.#run(batch));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#last;
    const sessions = await Promise.allSettled(this.#sessions.values());
    this.#sessions.clear();
    for (const session of sessions) if (session.status === 'fulfilled') await session.value.release();
  }

  async #run({ data, count, width, height }: Batch): Promise<FeatureMaps> {
    if (this.#closed) throw new LogowatchError('internal', 'The engine is closed');
    const session = await this.#session(width, height);
    const pixels = new this.#ort.Tensor('uint8', data, [count, height, width, 3]);
    const results = await session.run({ [MODEL_INPUT]: pixels });
    return new Map(Object.entries(results).map(([name, tensor]) => [name, featureMap(tensor)]));
  }

  #session(width: number, height: number): Promise<Ort.InferenceSession> {
    const key = `${width}x${height}`;
    const known = this.#sessions.get(key);
    if (known !== undefined) return known;
    if (this.#sessions.size >= SIZES_MAX) {
      throw new LogowatchError('internal', 'Too many picture sizes for one engine', {
        value: key,
        remedy: 'Scale pictures to one of the model’s sizes',
      });
    }
    const session = this.#ort.InferenceSession.create(this.#lower(width, height), this.#settings);
    this.#sessions.set(key, session);
    // One that fails is tried anew with the next picture of its size.
    session.catch(() => this.#sessions.delete(key));
    return session;
  }
}

function sessionOptions({ threads }: OnnxOptions): Ort.InferenceSession.SessionOptions {
  return {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    extra: {
      session: {
        // Threads that spin between layers take the processor from ffmpeg: with two of them a picture in 8 bits
        // costs 31 CPU-ms spinning and 17 not.
        intra_op: { allow_spinning: '0' },
      },
    },
  };
}

function featureMap(tensor: Ort.Tensor): FeatureMap {
  const [count, height, width, channels] = tensor.dims as readonly [number, number, number, number];
  return { data: tensor.data as Float32Array, count, height, width, channels };
}
