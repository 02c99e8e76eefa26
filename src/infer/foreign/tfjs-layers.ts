import type { io, Tensor } from '@tensorflow/tfjs-core';
import { loadTfjs } from '../engines/tfjs-backend.js';
import { firstLine, foreignDamaged } from './errors.js';
import type { ForeignFiles, ForeignNetwork, ForeignOptions } from './foreign.js';
import { handlerOf, parseTfjsModel, type TfjsModel } from './tfjs-files.js';
import { TfjsForeign } from './tfjs-network.js';

interface LayersModel {
  readonly inputs: readonly { readonly shape: readonly (number | null)[] }[];
  predict(input: Tensor): Tensor | Tensor[];
  dispose(): unknown;
}
interface LayersApi {
  loadLayersModel(handler: io.IOHandler): Promise<LayersModel>;
}

/** A LayersModel, as tf.LayersModel.save and tensorflowjs_converter write it. */
export async function openTfjsLayers(files: ForeignFiles, options: ForeignOptions): Promise<ForeignNetwork> {
  const backend = await loadTfjs();
  const model = parseTfjsModel(files.main, 'model.json');
  const softmaxLeftOut = options.beforeSoftmax && leaveOutSoftmax(model);
  // A native package brings its own copy, which must go with its own tensors.
  const api = 'loadLayersModel' in backend.tf ? backend.tf : await import('@tensorflow/tfjs-layers');
  let layers: LayersModel;
  try {
    layers = await (api as unknown as LayersApi).loadLayersModel(handlerOf(model, files));
  } catch (cause) {
    throw foreignDamaged('TensorFlow.js does not load the LayersModel', firstLine(cause), cause);
  }
  return new TfjsForeign(backend, {
    dims: layers.inputs.map(({ shape }) => shape.map((d) => d ?? undefined)),
    softmaxLeftOut,
    run: (input) => layers.predict(input),
    dispose: () => {
      layers.dispose();
    },
  });
}

/** Makes the last layer's activation linear, in the description, where it is softmax. */
function leaveOutSoftmax({ modelTopology }: TfjsModel): boolean {
  const whole = modelTopology as { model_config?: { config?: unknown }; config?: unknown };
  const config = (whole.model_config ?? whole).config as { layers?: unknown[] } | unknown[] | undefined;
  const layers = Array.isArray(config) ? config : config?.layers;
  const last = layers?.at(-1) as { class_name?: string; config?: Record<string, unknown> } | undefined;
  if (last?.config?.activation === 'softmax') {
    last.config.activation = 'linear';
    return true;
  }
  if (last?.class_name !== 'Softmax') return false;
  last.class_name = 'Activation';
  last.config = { name: last.config?.name, trainable: false, activation: 'linear' };
  return true;
}
