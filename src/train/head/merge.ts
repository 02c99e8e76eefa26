import type { Parameter, Parameters } from './mlp.js';

/** A matrix by rows, or a vector as one row. */
const dimensions = ({ shape }: Parameter): [rows: number, columns: number] =>
  shape.length === 1 ? [1, shape[0]!] : [shape[0]!, shape[1]!];

const parameter = (name: string, shape: readonly number[], data: Float32Array): [string, Parameter] => [
  name,
  { name, shape, data },
];

/**
 * Two heads that read the same inputs as one: hidden units and outputs of `a`, then those of `b`. Neither's outputs see
 * the other's hidden units, so each logit stays what it was.
 */
export function joinHeads(a: Parameters, b: Parameters): Parameters {
  const [inputs, hiddenA] = dimensions(a.get('w1')!);
  const [inputsB, hiddenB] = dimensions(b.get('w1')!);
  if (inputs !== inputsB) throw new RangeError(`heads of ${inputs} and ${inputsB} inputs`);
  const [outputsA, outputsB] = [a.get('b2')!.data.length, b.get('b2')!.data.length];
  const [hidden, outputs] = [hiddenA + hiddenB, outputsA + outputsB];
  const w1 = new Float32Array(inputs * hidden);
  for (let i = 0; i < inputs; i++) {
    w1.set(a.get('w1')!.data.subarray(i * hiddenA, (i + 1) * hiddenA), i * hidden);
    w1.set(b.get('w1')!.data.subarray(i * hiddenB, (i + 1) * hiddenB), i * hidden + hiddenA);
  }
  const w2 = new Float32Array(hidden * outputs);
  for (let h = 0; h < hiddenA; h++)
    w2.set(a.get('w2')!.data.subarray(h * outputsA, (h + 1) * outputsA), h * outputs);
  for (let h = 0; h < hiddenB; h++)
    w2.set(b.get('w2')!.data.subarray(h * outputsB, (h + 1) * outputsB), (hiddenA + h) * outputs + outputsA);
  const chain = (name: string): Float32Array =>
    Float32Array.from([...a.get(name)!.data, ...b.get(name)!.data]);
  return new Map([
    parameter('w1', [inputs, hidden], w1),
    parameter('b1', [hidden], chain('b1')),
    parameter('w2', [hidden, outputs], w2),
    parameter('b2', [outputs], chain('b2')),
  ]);
}

/**
 * Two heads for the same inputs and outputs as one of both's hidden units: each logit is `shares[k]` of b's and the rest
 * of a's.
 */
export function blendHeads(a: Parameters, b: Parameters, shares: readonly number[]): Parameters {
  const joined = joinHeads(a, b);
  const [hidden, both] = dimensions(joined.get('w2')!);
  const outputs = shares.length;
  if (both !== 2 * outputs) throw new RangeError(`heads of ${both} outputs together, ${outputs} shares`);
  const blend = (rows: number, data: Float32Array): Float32Array =>
    Float32Array.from({ length: rows * outputs }, (_, i) => {
      const k = i % outputs;
      const at = Math.floor(i / outputs) * both + k;
      return (1 - shares[k]!) * data[at]! + shares[k]! * data[at + outputs]!;
    });
  return new Map([
    ...joined,
    parameter('w2', [hidden, outputs], blend(hidden, joined.get('w2')!.data)),
    parameter('b2', [outputs], blend(1, joined.get('b2')!.data)),
  ]);
}

/** A head without one of its outputs, and without the hidden units that only this one read; `hidden` are those kept. */
export function withoutOutput(
  head: Parameters,
  output: number,
): { parameters: Parameters; hidden: readonly number[] } {
  const [inputs, hiddenCount] = dimensions(head.get('w1')!);
  const outputs = head.get('b2')!.data.length;
  const { data: w1 } = head.get('w1')!;
  const { data: w2 } = head.get('w2')!;
  const others = Array.from({ length: outputs }, (_, k) => k).filter((k) => k !== output);
  const units = Array.from({ length: hiddenCount }, (_, h) => h);
  const hidden = units.filter((h) => others.some((k) => w2[h * outputs + k] !== 0));
  const inputRows = Array.from({ length: inputs }, (_, i) => i);
  const parameters: Parameters = new Map([
    parameter(
      'w1',
      [inputs, hidden.length],
      Float32Array.from(inputRows.flatMap((i) => hidden.map((h) => w1[i * hiddenCount + h]!))),
    ),
    parameter(
      'b1',
      [hidden.length],
      Float32Array.from(hidden, (h) => head.get('b1')!.data[h]!),
    ),
    parameter(
      'w2',
      [hidden.length, others.length],
      Float32Array.from(hidden.flatMap((h) => others.map((k) => w2[h * outputs + k]!))),
    ),
    parameter(
      'b2',
      [others.length],
      Float32Array.from(others, (k) => head.get('b2')!.data[k]!),
    ),
  ]);
  return { parameters, hidden };
}
