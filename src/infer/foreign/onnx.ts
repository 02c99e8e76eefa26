import onnxProto from 'onnx-proto';
import type * as Ort from 'onnxruntime-node';
import { loadOnnxRuntime } from '../engines/onnx.js';
import { firstLine, foreignDamaged, foreignUnfit } from './errors.js';
import type { ForeignFiles, ForeignNetwork, ForeignOptions, ForeignTensor } from './foreign.js';

const { onnx } = onnxProto;

type Graph = onnxProto.onnx.IGraphProto;

/** An ONNX file by ONNX Runtime; one that keeps weights in other files is refused. */
export async function openOnnx(files: ForeignFiles, options: ForeignOptions): Promise<ForeignNetwork> {
  const ort = loadOnnxRuntime();
  const graph = readGraph(files.main);
  if (namesOtherFiles(graph))
    throw foreignUnfit(
      'The ONNX file keeps its weights in another file',
      'external data',
      'Save it as one file (onnx.save with save_as_external_data=False)',
    );
  const cut = options.beforeSoftmax ? withLogits(files.main, graph) : undefined;
  let session: Ort.InferenceSession;
  try {
    session = await ort.InferenceSession.create(cut?.bytes ?? files.main, {
      executionProviders: ['cpu'],
      intraOpNumThreads: options.threads,
      interOpNumThreads: 1,
      logSeverityLevel: 4,
      extra: { session: { intra_op: { allow_spinning: '0' } } },
    });
  } catch (cause) {
    throw foreignDamaged('ONNX Runtime does not load the file', firstLine(cause), cause);
  }
  try {
    return new OnnxForeign(ort, session, cut?.name);
  } catch (error) {
    await session.release();
    throw error;
  }
}

class OnnxForeign implements ForeignNetwork {
  readonly engine = 'onnx-f32';
  readonly dims: readonly (number | undefined)[];
  readonly inputType: 'float32' | 'uint8';
  readonly softmaxLeftOut: boolean;
  readonly #ort: typeof Ort;
  readonly #session: Ort.InferenceSession;
  readonly #input: string;
  readonly #outputs: readonly string[];

  constructor(ort: typeof Ort, session: Ort.InferenceSession, logits: string | undefined) {
    const [input, ...others] = session.inputMetadata;
    if (input === undefined || others.length > 0 || !input.isTensor)
      throw foreignUnfit(
        'The network does not have one tensor as its input',
        session.inputNames.join(', '),
        'Export it with the picture as its only input',
      );
    if (input.type !== 'float32' && input.type !== 'uint8')
      throw foreignUnfit(
        'The input is neither float32 nor uint8',
        input.type,
        'Export it with a float32 input',
      );
    this.#ort = ort;
    this.#session = session;
    this.#input = input.name;
    this.#outputs = logits === undefined ? session.outputNames : [logits];
    this.inputType = input.type;
    this.dims = input.shape.map((d) => (typeof d === 'number' && d > 0 ? d : undefined));
    this.softmaxLeftOut = logits !== undefined;
  }

  async run(input: Float32Array | Uint8Array, dims: readonly number[]): Promise<readonly ForeignTensor[]> {
    const tensor = new this.#ort.Tensor(this.inputType, input as Float32Array, [...dims]);
    try {
      const results = await this.#session.run({ [this.#input]: tensor }, [...this.#outputs]);
      return this.#outputs.map((name) => {
        const { dims: shape, data } = results[name]!;
        return {
          dims: shape,
          data: data instanceof BigInt64Array ? Array.from(data, Number) : (data as Float32Array),
        };
      });
    } catch (cause) {
      throw foreignUnfit(
        `The network does not take a picture of ${dims.join('x')}`,
        firstLine(cause),
        'Check --input and --layout',
      );
    }
  }

  close(): Promise<void> {
    return this.#session.release();
  }
}

function readGraph(bytes: Uint8Array): Graph {
  try {
    const { graph } = onnx.ModelProto.decode(bytes);
    if (graph) return graph;
  } catch (cause) {
    throw foreignDamaged('Not an ONNX file', firstLine(cause), cause);
  }
  throw foreignDamaged('Not an ONNX file', 'it has no graph');
}

/** ONNX Runtime would look for them in the working folder. */
function namesOtherFiles({ initializer = [], node = [] }: Graph): boolean {
  const isElsewhere = (t: onnxProto.onnx.ITensorProto | null | undefined): boolean =>
    t?.dataLocation === onnx.TensorProto.DataLocation.EXTERNAL;
  const attributes = (node ?? []).flatMap((n) => n.attribute ?? []);
  return (
    (initializer ?? []).some(isElsewhere) ||
    attributes.some((a) => isElsewhere(a.t) || (a.g ? namesOtherFiles(a.g) : false))
  );
}

/**
 * The same file with what enters the final softmax as one more output, or undefined where none ends it. A protobuf
 * message may be followed by a further piece that is merged into it, so that not a byte of the file changes.
 */
function withLogits(bytes: Uint8Array, graph: Graph): { bytes: Uint8Array; name: string } | undefined {
  const makers = new Map((graph.node ?? []).map((n) => [n.output?.[0], n]));
  let end = graph.output?.length === 1 ? makers.get(graph.output[0]?.name ?? '') : undefined;
  while (end?.opType === 'Identity') end = makers.get(end.input?.[0]);
  const name = end?.opType === 'Softmax' ? end.input?.[0] : undefined;
  if (!name) return undefined;
  const type = { tensorType: { elemType: onnx.TensorProto.DataType.FLOAT } };
  const more = onnx.ModelProto.encode(
    onnx.ModelProto.fromObject({ graph: { output: [{ name, type }] } }),
  ).finish();
  return { bytes: Buffer.concat([bytes, more]), name };
}
