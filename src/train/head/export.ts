import { LogowatchError } from '../../core/errors.js';
import {
  brandLayer,
  CROP_LAYER,
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
  tensor('verify.hidden', verify, 1);
  conv('verify.hidden', CROP_LAYER, 'verify.hidden', 'relu6');
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
  const parts = {
    look: named([...read('brand.hidden', 1), ...read('brand', 2)]),
    verify: named([...read('verify.hidden', 1), ...read('verify', 2)]),
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
