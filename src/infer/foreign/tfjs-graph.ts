import type { io, Tensor } from '@tensorflow/tfjs-core';
import { loadTfjs } from '../engines/tfjs-backend.js';
import { firstLine, foreignDamaged } from './errors.js';
import type { ForeignFiles, ForeignNetwork, ForeignOptions } from './foreign.js';
import { handlerOf, parseTfjsModel, type TfjsModel } from './tfjs-files.js';
import { TfjsForeign } from './tfjs-network.js';

interface GraphModel {
  readonly inputs: readonly { readonly shape?: readonly number[] }[];
  readonly outputNodes: readonly string[];
  execute(input: Tensor, outputs: readonly string[]): Tensor | Tensor[];
  executeAsync(input: Tensor, outputs: readonly string[]): Promise<Tensor | Tensor[]>;
  dispose(): void;
}
interface GraphApi {
  loadGraphModel(handler: io.IOHandler): Promise<GraphModel>;
}

/** A GraphModel, as tensorflowjs_converter makes it from a SavedModel. */
export async function openTfjsGraph(files: ForeignFiles, options: ForeignOptions): Promise<ForeignNetwork> {
  const backend = await loadTfjs();
  const model = parseTfjsModel(files.main, 'model.json');
  const api = 'loadGraphModel' in backend.tf ? backend.tf : await import('@tensorflow/tfjs-converter');
  let graph: GraphModel;
  try {
    graph = await (api as unknown as GraphApi).loadGraphModel(handlerOf(model, files));
  } catch (cause) {
    throw foreignDamaged('TensorFlow.js does not load the GraphModel', firstLine(cause), cause);
  }
  const logits = options.beforeSoftmax ? beforeSoftmax(model, graph.outputNodes) : undefined;
  const outputs = logits === undefined ? graph.outputNodes : [logits];
  const waits = hasDynamicNodes(model);
  return new TfjsForeign(backend, {
    dims: graph.inputs.map(({ shape }) => (shape ?? []).map((d) => (d > 0 ? d : undefined))),
    softmaxLeftOut: logits !== undefined,
    run: (input) => (waits ? graph.executeAsync(input, outputs) : graph.execute(input, outputs)),
    dispose: () => graph.dispose(),
  });
}

/** Operations that TensorFlow.js runs only asynchronously: control flow, and outputs whose size depends on values. */
const DYNAMIC =
  /^(Switch|Merge|Enter|Exit|NextIteration|If|StatelessIf|While|StatelessWhile|LoopCond|Where|NonMaxSuppressionV\d|ListDiff|TensorArray\w*|HashTable\w*|LookupTable\w*)$/;

function hasDynamicNodes({ modelTopology }: TfjsModel): boolean {
  const { node = [], library } = modelTopology as {
    node?: { op: string }[];
    library?: { function?: { nodeDef?: { op: string }[] }[] };
  };
  const inside = library?.function?.flatMap((f) => f.nodeDef ?? []) ?? [];
  return [...node, ...inside].some(({ op }) => DYNAMIC.test(op));
}

/** The node whose output enters the final softmax. */
function beforeSoftmax({ modelTopology }: TfjsModel, outputs: readonly string[]): string | undefined {
  if (outputs.length !== 1) return undefined;
  const nodes = (modelTopology as { node?: { name: string; op: string; input?: string[] }[] }).node ?? [];
  const byName = new Map(nodes.map((n) => [n.name, n]));
  let end = byName.get(outputs[0]!.split(':')[0]!);
  while (end?.op === 'Identity') end = byName.get(end.input?.[0]?.split(':')[0] ?? '');
  return end?.op === 'Softmax' ? end.input?.[0] : undefined;
}
