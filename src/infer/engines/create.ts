import { availableParallelism } from 'node:os';
import { validateNetwork } from '../network/shapes.js';
import type { ActivationRanges, Network } from '../network.js';
import type { Engine, EngineKind } from './engine.js';
import { OnnxEngine } from './onnx.js';
import { lowerToFloat } from './onnx-float.js';

export interface EngineOptions {
  /** Default `auto`. */
  readonly kind?: EngineKind;
  /** What int8 needs: see calibrateRanges. */
  readonly ranges?: ActivationRanges;
  /** Threads of one inference; default 2, or fewer where there are fewer processors. */
  readonly threads?: number;
}

export async function createEngine(network: Network, options: EngineOptions = {}): Promise<Engine> {
  validateNetwork(network);
  const threads = options.threads ?? Math.min(2, availableParallelism());
  return new OnnxEngine((width, height) => lowerToFloat(network, width, height), {
    name: 'onnx-f32',
    threads,
  });
}
