import type { Layer, Network, Tensor } from '../network.js';
import { damaged, layerInputs, validateNetwork } from './shapes.js';

/** Trunk and head as one network that gives the wanted layers; what none of them needs is left out. */
export function joinNetworks(
  trunk: Network,
  head: Network,
  outputs: readonly string[] = head.outputs,
): Network {
  const tensors = new Map(trunk.tensors);
  for (const [name, tensor] of head.tensors) {
    if (tensors.has(name)) throw damaged('Trunk and head have a tensor of one name', name);
    tensors.set(name, tensor);
  }
  return withOutputs({ layers: [...trunk.layers, ...head.layers], tensors, outputs }, outputs);
}

/** Without the layers and tensors that no output depends on. */
export function pruneNetwork(network: Network): Network {
  const needed = new Set(network.outputs);
  const layers: Layer[] = [];
  // Every input comes before its readers, so one pass from the end sees all readers of a layer first.
  for (const layer of [...network.layers].reverse()) {
    if (!needed.has(layer.name)) continue;
    for (const name of layerInputs(layer)) needed.add(name);
    layers.unshift(layer);
  }
  const tensors = new Map<string, Tensor>();
  for (const name of layers.flatMap(tensorNames)) {
    const tensor = network.tensors.get(name);
    if (tensor !== undefined) tensors.set(name, tensor);
  }
  return { layers, tensors, outputs: network.outputs };
}

/** The same network with other outputs; layers that these do not need are left out. */
export function withOutputs(network: Network, outputs: readonly string[]): Network {
  const pruned = pruneNetwork({ ...network, outputs });
  validateNetwork(pruned);
  return pruned;
}

function tensorNames(layer: Layer): readonly string[] {
  return layer.op === 'conv' || layer.op === 'depthwise' ? [layer.weights, layer.bias] : [];
}
