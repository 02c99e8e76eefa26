import { LogowatchError } from '../../core/errors.js';
import {
  brandLayer,
  CROP_PARTS,
  HEAD_STRIDES,
  type Layer,
  type Network,
  type Tensor,
  towerLayer,
  VERIFY_LAYER,
} from '../../infer/network.js';
import type { Parameter, Parameters } from './mlp.js';

/** Both looks' heads as layers that read the shipped network; all strides share the first look's weights. */
export function exportHead(look: Parameters, verify: Parameters): Network {
  const tensors = new Map<string, Tensor>();
  const layers: Layer[] = [];
  const tensor = (name: string, parameters: Parameters, key: 1 | 2): void => {
    const [weights, bias] = [parameters.get(`w${key}`)!, parameters.get(`b${key}`)!];
    tensors.set(`${name}.weights`, { shape: [1, 1, ...weights.shape], data: weights.data });
    tensors.set(`${name}.bias`, { shape: [...bias.shape], data: bias.data });
  };
  const conv = (name: string, input: string, weights: string, activation: 'relu6' | 'none'): void => {
    layers.push({
      op: 'conv',
      name,
      input,
      stride: 1,
      activation,
      weights: `${weights}.weights`,
      bias: `${weights}.bias`,
    });
  };
  tensor('brand.hidden', look, 1);
  tensor('brand', look, 2);
  for (const stride of HEAD_STRIDES) {
    conv(`brand.hidden${stride}`, towerLayer(stride), 'brand.hidden', 'relu6');
    conv(brandLayer(stride), `brand.hidden${stride}`, 'brand', 'none');
  }
  const [weights, bias] = [verify.get('w1')!, verify.get('b1')!];
  const hidden = bias.data.length;
  let row = 0;
  // A product with two parts side by side is the sum of two products; the bias goes with the first.
  for (const { layer, channels } of CROP_PARTS) {
    const name = `verify.${layer}`;
    const data = weights.data.slice(row * hidden, (row + channels) * hidden);
    tensors.set(`${name}.weights`, { shape: [1, 1, channels, hidden], data });
    tensors.set(`${name}.bias`, { shape: [hidden], data: row === 0 ? bias.data : new Float32Array(hidden) });
    conv(name, layer, name, 'none');
    row += channels;
  }
  const [first, second] = CROP_PARTS.map(({ layer }) => `verify.${layer}`) as [string, string];
  layers.push({ op: 'add', name: 'verify.hidden', inputs: [first, second], activation: 'relu6' });
  tensor('verify', verify, 2);
  conv(VERIFY_LAYER, 'verify.hidden', 'verify', 'none');
  return { layers, tensors, outputs: [...HEAD_STRIDES.map(brandLayer), VERIFY_LAYER] };
}

/** The inverse of exportHead. Errors: model-incompatible for a head of another form. */
export function importHead(head: Network): { look: Parameters; verify: Parameters } {
  const read = (layer: string, key: 1 | 2): Parameter[] => {
    const [weights, bias] = [head.tensors.get(`${layer}.weights`), head.tensors.get(`${layer}.bias`)];
    const pointwise = weights?.shape.length === 4 && weights.shape[0] === 1 && weights.shape[1] === 1;
    if (!weights || !bias || !pointwise) throw otherForm(layer);
    return [
      { name: `w${key}`, shape: weights.shape.slice(2), data: weights.data },
      { name: `b${key}`, shape: bias.shape, data: bias.data },
    ];
  };
  const named = (list: readonly Parameter[]): Parameters => new Map(list.map((p) => [p.name, p]));
  const halves = CROP_PARTS.map(({ layer }) => read(`verify.${layer}`, 1));
  const rows = halves.map(([w]) => w!);
  const w1: Parameter = {
    name: 'w1',
    shape: [rows.reduce((sum, { shape }) => sum + shape[0]!, 0), rows[0]!.shape[1]!],
    data: Float32Array.from(rows.flatMap(({ data }) => [...data])),
  };
  const parts = {
    look: named([...read('brand.hidden', 1), ...read('brand', 2)]),
    verify: named([w1, halves[0]![1]!, ...read('verify', 2)]),
  };
  // Layers beside those of exportHead would be lost.
  const known = exportHead(parts.look, parts.verify).layers.map((l) => l.name);
  const other = head.layers.find((l) => !known.includes(l.name));
  if (other !== undefined) throw otherForm(other.name);
  return parts;
}

const otherForm = (value: string): LogowatchError =>
  new LogowatchError('model-incompatible', 'The head of the model has another form', {
    value,
    remedy: 'Train the model again',
  });
