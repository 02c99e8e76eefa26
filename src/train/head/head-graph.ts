import { HEAD_STRIDES, TRUNK_TAPS } from '../../infer/network.js';
import { GraphBuilder } from './graph.js';
import { LATERAL_CHANNELS, parameterShapes } from './parameters.js';

/** Per channel: feature = code * scale + offset, standardised to mean 0 and deviation 1. */
export interface Dequantiser {
  readonly scale: Float32Array;
  readonly offset: Float32Array;
}

interface Forward {
  /** Standardised features after channel dropout, [cells, channels]. */
  readonly features: Map<number, string>;
  readonly levels: Map<number, { padded: string; columns: string; tower: string; output: string }>;
}

/**
 * The head on a batch of frames of one shape, as matrix products over rows that are cells: 1x1 laterals of the
 * three taps, upsampled and added from coarse to fine, then on chosen cells of strides 8 and 16 a 3x3 tower (its nine
 * neighbours gathered beside each other) with relu, and 1x1 outputs.
 *
 * `forward` gives the chosen cells' outputs. `backward` computes the same again and, from the gradient of the loss
 * by the outputs, the gradient by every parameter: ONNX Runtime has no gradients of its own, and on a CPU it
 * multiplies matrices about ten times faster than the other backends.
 */
export function forwardGraph(brandCount: number, dequantisers: ReadonlyMap<number, Dequantiser>): Uint8Array {
  const g = new GraphBuilder();
  const { levels } = declareForward(g, brandCount, dequantisers);
  for (const stride of HEAD_STRIDES) g.output(`z${stride}`, levels.get(stride)!.output, 2);
  return g.build();
}

export function backwardGraph(
  brandCount: number,
  dequantisers: ReadonlyMap<number, Dequantiser>,
): Uint8Array {
  const g = new GraphBuilder();
  const { features, levels } = declareForward(g, brandCount, dequantisers);
  const flat = g.ints([-1, LATERAL_CHANNELS]);
  const gradient = (name: string, value: string, rank: number): void => g.output(`d.${name}`, value, rank);
  const columnSum = (value: string): string => g.node('ReduceSum', [value, g.ints([0])], { keepdims: 0 });
  const summed = new Map<number, string>();
  for (const stride of HEAD_STRIDES) {
    const { padded, columns, tower } = levels.get(stride)!;
    const dz = g.input(`dz${stride}`, 'float', 2);
    gradient(`head${stride}.w`, g.node('Gemm', [tower, dz], { transA: 1 }), 2);
    gradient(`head${stride}.b`, columnSum(dz), 1);
    const open = g.node('Cast', [g.node('Greater', [tower, g.floats(new Float32Array(1), [1])])], { to: 1 });
    const dTower = g.node('Mul', [g.node('Gemm', [dz, `head${stride}.w`], { transB: 1 }), open]);
    gradient(`tower${stride}.w`, g.node('Gemm', [columns, dTower], { transA: 1 }), 2);
    gradient(`tower${stride}.b`, columnSum(dTower), 1);
    const dColumns = g.node('Gemm', [dTower, `tower${stride}.w`], { transB: 1 });
    const zeros = g.node('ConstantOfShape', [g.node('Shape', [padded])]);
    const places = g.node('Unsqueeze', [`cells${stride}`, g.ints([1])]);
    const scattered = g.node('ScatterND', [zeros, places, g.node('Reshape', [dColumns, flat])], {
      reduction: 'add',
    });
    summed.set(stride, g.node('Slice', [scattered, g.ints([0]), g.ints([-1]), g.ints([0])]));
  }
  // Each coarser map was repeated four times, so its gradient is the sum over its four children.
  const down = (fine: string, value: string): string => {
    const grid = g.node('Reshape', [value, `grid${fine}`]);
    const even = g.node('Pad', [grid, g.input(`pads${fine}`, 'int64', 1)]);
    const split = g.node('Reshape', [even, `repeat${fine}`]);
    return g.node('Reshape', [g.node('ReduceSum', [split, g.ints([2, 4])], { keepdims: 0 }), flat]);
  };
  g.input('grid8', 'int64', 1);
  g.input('grid16', 'int64', 1);
  const d8 = summed.get(8)!;
  const d16 = g.node('Add', [summed.get(16)!, down('8', d8)]);
  const d32 = down('16', d16);
  for (const [stride, d] of [
    [8, d8],
    [16, d16],
    [32, d32],
  ] as const) {
    gradient(`lateral${stride}.w`, g.node('Gemm', [features.get(stride)!, d], { transA: 1 }), 2);
    gradient(`lateral${stride}.b`, columnSum(d), 1);
  }
  return g.build();
}

function declareForward(
  g: GraphBuilder,
  brandCount: number,
  dequantisers: ReadonlyMap<number, Dequantiser>,
): Forward {
  for (const [name, shape] of parameterShapes(brandCount + 4)) g.input(name, 'float', shape.length);
  const flat = g.ints([-1, LATERAL_CHANNELS]);
  const features = new Map<number, string>();
  const laterals = new Map<number, string>();
  for (const { stride, channels } of TRUNK_TAPS) {
    const { scale, offset } = dequantisers.get(stride)!;
    const codes = g.node('Cast', [g.input(`q${stride}`, 'uint8', 3)], { to: 1 });
    const standard = g.node('Add', [
      g.node('Mul', [codes, g.floats(scale, [channels])]),
      g.floats(offset, [channels]),
    ]);
    const kept = g.node('Mul', [standard, g.input(`keep${stride}`, 'float', 3)]);
    features.set(stride, g.node('Reshape', [kept, g.ints([-1, channels])]));
    laterals.set(stride, g.node('Gemm', [features.get(stride)!, `lateral${stride}.w`, `lateral${stride}.b`]));
  }
  const up = (fine: number, coarse: string): string => {
    const spread = g.node('Reshape', [coarse, g.input(`spread${fine}`, 'int64', 1)]);
    const repeated = g.node('Expand', [spread, g.input(`repeat${fine}`, 'int64', 1)]);
    const doubled = g.node('Reshape', [repeated, g.input(`doubled${fine}`, 'int64', 1)]);
    const cut = g.node('Slice', [
      doubled,
      g.ints([0, 0]),
      g.input(`size${fine}`, 'int64', 1),
      g.ints([1, 2]),
    ]);
    return g.node('Reshape', [cut, flat]);
  };
  const map16 = g.node('Add', [laterals.get(16)!, up(16, laterals.get(32)!)]);
  const map8 = g.node('Add', [laterals.get(8)!, up(8, map16)]);
  const levels: Forward['levels'] = new Map();
  for (const [stride, map] of [
    [8, map8],
    [16, map16],
  ] as const) {
    const zeroRow = g.floats(new Float32Array(LATERAL_CHANNELS), [1, LATERAL_CHANNELS]);
    const padded = g.node('Concat', [map, zeroRow], { axis: 0 });
    const neighbours = g.node('Gather', [padded, g.input(`cells${stride}`, 'int64', 1)], { axis: 0 });
    const columns = g.node('Reshape', [neighbours, g.ints([-1, 9 * LATERAL_CHANNELS])]);
    const tower = g.node('Relu', [g.node('Gemm', [columns, `tower${stride}.w`, `tower${stride}.b`])]);
    const output = g.node('Gemm', [tower, `head${stride}.w`, `head${stride}.b`]);
    levels.set(stride, { padded, columns, tower, output });
  }
  return { features, levels };
}
