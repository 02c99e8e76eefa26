import type { Tensor } from '@tensorflow/tfjs-core';
import type { TfjsBackend } from '../engines/tfjs-backend.js';
import { firstLine, foreignUnfit } from './errors.js';
import type { ForeignNetwork, ForeignTensor } from './foreign.js';

export interface TfjsRunner {
  /** Of every input. */
  readonly dims: readonly (readonly (number | undefined)[])[];
  readonly softmaxLeftOut: boolean;
  run(input: Tensor): Tensor | Tensor[] | Promise<Tensor | Tensor[]>;
  dispose(): void;
}

/** What both forms of TensorFlow.js models have in common. */
export class TfjsForeign implements ForeignNetwork {
  readonly engine: string;
  readonly dims: readonly (number | undefined)[];
  readonly inputType = 'float32';
  readonly softmaxLeftOut: boolean;
  readonly #tf: TfjsBackend['tf'];
  readonly #runner: TfjsRunner;

  constructor({ name, tf }: TfjsBackend, runner: TfjsRunner) {
    const [dims, ...others] = runner.dims;
    if (dims === undefined || others.length > 0)
      throw foreignUnfit(
        'The network does not have one input',
        String(runner.dims.length),
        'Export it with the picture as its only input',
      );
    this.engine = name;
    this.dims = dims;
    this.softmaxLeftOut = runner.softmaxLeftOut;
    this.#tf = tf;
    this.#runner = runner;
  }

  async run(input: Float32Array | Uint8Array, dims: readonly number[]): Promise<readonly ForeignTensor[]> {
    const pixels = this.#tf.tensor(input as Float32Array, [...dims], 'float32');
    let results: Tensor[] = [];
    try {
      const out = await this.#runner.run(pixels);
      results = Array.isArray(out) ? out : [out];
      return await Promise.all(results.map(async (t) => ({ dims: t.shape, data: await t.data() })));
    } catch (cause) {
      throw foreignUnfit(
        `The network does not take a picture of ${dims.join('x')}`,
        firstLine(cause),
        'Check --input and --layout',
      );
    } finally {
      this.#tf.dispose([pixels, ...results]);
    }
  }

  async close(): Promise<void> {
    this.#runner.dispose();
  }
}
