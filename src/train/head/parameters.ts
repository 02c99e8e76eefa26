import { HEAD_STRIDES, TRUNK_TAPS } from '../../infer/network.js';
import type { Rng } from '../rng.js';

export const LATERAL_CHANNELS = 64;
export const TOWER_CHANNELS = 96;
/** Of the class outputs at the start: one cell in a hundred is a logo (Lin et al. 2017, focal loss). */
const PRIOR_LOGIT = -4.6;

export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The head's parameters by name, in a fixed order. `outputs` is K + 4 channels a cell. */
export type HeadParameters = ReadonlyMap<string, Parameter>;

export function parameterShapes(outputs: number): [name: string, shape: number[]][] {
  const shapes: [string, number[]][] = [];
  for (const tap of TRUNK_TAPS) {
    shapes.push(
      [`lateral${tap.stride}.w`, [tap.channels, LATERAL_CHANNELS]],
      [`lateral${tap.stride}.b`, [LATERAL_CHANNELS]],
    );
  }
  for (const stride of HEAD_STRIDES) {
    shapes.push(
      [`tower${stride}.w`, [9 * LATERAL_CHANNELS, TOWER_CHANNELS]],
      [`tower${stride}.b`, [TOWER_CHANNELS]],
    );
    shapes.push([`head${stride}.w`, [TOWER_CHANNELS, outputs]], [`head${stride}.b`, [outputs]]);
  }
  return shapes;
}

/** He-normal weights; class biases at the prior, box biases at the usual size of a mark on each stride. */
export function initialParameters(brandCount: number, rng: Rng): HeadParameters {
  const parameters = new Map<string, Parameter>();
  for (const [name, shape] of parameterShapes(brandCount + 4)) {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    if (name.endsWith('.w')) {
      // Three laterals are added up, so each starts with a third of the variance; outputs start near the biases.
      const gain = name.startsWith('lateral') ? 1 / 3 : name.startsWith('tower') ? 2 : 0.05;
      const deviation = Math.sqrt(gain / shape[0]!);
      for (let i = 0; i < data.length; i++) data[i] = rng.normal() * deviation;
    } else if (name.startsWith('head')) {
      data.fill(PRIOR_LOGIT, 0, brandCount);
      data.fill(name === 'head8.b' ? 0.6 : 1.2, brandCount);
    }
    parameters.set(name, { name, shape, data });
  }
  return parameters;
}

export function copyParameters(parameters: HeadParameters): HeadParameters {
  return new Map([...parameters].map(([name, p]) => [name, { ...p, data: Float32Array.from(p.data) }]));
}
