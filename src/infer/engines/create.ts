import { availableParallelism } from 'node:os';
import { LogowatchError } from '../../core/errors.js';
import { validateNetwork } from '../network/shapes.js';
import type { ActivationRanges, ChannelMeans, Network } from '../network.js';
import type { Engine, EngineKind } from './engine.js';
import { canRunOnnx, OnnxEngine } from './onnx.js';
import { lowerToFloat } from './onnx-float.js';
import { lowerToInt8 } from './onnx-int8.js';
import { int8WeightMax } from './processor.js';
import { createTfjsEngine } from './tfjs.js';

export interface EngineOptions {
  /** Default `auto`. */
  readonly kind?: EngineKind;
  /** What int8 needs: see calibrate. */
  readonly ranges?: ActivationRanges;
  /** Makes int8 more exact: see calibrate. */
  readonly means?: ChannelMeans;
  /** Threads of one inference; default 2, or fewer where there are fewer processors. */
  readonly threads?: number;
}

type Maker = (network: Network, options: EngineOptions, threads: number) => Engine | Promise<Engine>;

/** A new engine is a line here, and passes the contract's tests. */
const MAKERS: Readonly<Record<Exclude<EngineKind, 'auto'>, Maker>> = {
  'onnx-int8': (network, { ranges, means = {} }, threads) => {
    if (ranges === undefined) {
      throw new LogowatchError('model-incompatible', 'The model has no ranges for 8 bits', {
        value: 'onnx-int8',
        remedy: 'Use --engine onnx-f32, or train the model again',
      });
    }
    const weightMax = int8WeightMax();
    const calibration = { ranges, means, weightMax, rounded: new Map() };
    return new OnnxEngine((width, height) => lowerToInt8(network, calibration, width, height), {
      name: 'onnx-int8',
      threads,
    });
  },
  'onnx-f32': (network, _, threads) =>
    new OnnxEngine((width, height) => lowerToFloat(network, width, height), { name: 'onnx-f32', threads }),
  tfjs: (network) => createTfjsEngine(network),
};

/** Errors: engine-unavailable, model-damaged, model-incompatible. */
export async function createEngine(network: Network, options: EngineOptions = {}): Promise<Engine> {
  validateNetwork(network);
  const threads = options.threads ?? Math.min(2, availableParallelism());
  const asked = options.kind ?? 'auto';
  const kind = asked === 'auto' ? bestKind(options) : asked;
  return MAKERS[kind](network, options, threads);
}

function bestKind(options: EngineOptions): Exclude<EngineKind, 'auto'> {
  if (!canRunOnnx()) return 'tfjs';
  return options.ranges === undefined ? 'onnx-f32' : 'onnx-int8';
}
