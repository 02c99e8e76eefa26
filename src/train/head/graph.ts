import onnxProto, { type onnx } from 'onnx-proto';

const { TensorProto, AttributeProto, ModelProto } = onnxProto.onnx;
const OPSET = 18;
const IR_VERSION = 8;

export type ElementType = 'float' | 'int64' | 'uint8';
const TYPES: Record<ElementType, number> = {
  float: TensorProto.DataType.FLOAT,
  int64: TensorProto.DataType.INT64,
  uint8: TensorProto.DataType.UINT8,
};

/** Builds an ONNX graph node by node; every method returns the name of a value. */
export class GraphBuilder {
  readonly #nodes: onnx.INodeProto[] = [];
  readonly #constants: onnx.ITensorProto[] = [];
  readonly #inputs: onnx.IValueInfoProto[] = [];
  readonly #outputs: onnx.IValueInfoProto[] = [];
  #count = 0;

  input(name: string, type: ElementType, rank: number): string {
    this.#inputs.push(valueInfo(name, type, rank));
    return name;
  }

  output(name: string, value: string, rank: number): void {
    this.#nodes.push({ opType: 'Identity', input: [value], output: [name] });
    this.#outputs.push(valueInfo(name, 'float', rank));
  }

  ints(values: readonly number[], scalar = false): string {
    const name = this.#name('ints');
    const raw = Buffer.from(BigInt64Array.from(values, BigInt).buffer);
    this.#constants.push({ name, dataType: TYPES.int64, dims: scalar ? [] : [values.length], rawData: raw });
    return name;
  }

  floats(values: Float32Array, shape: readonly number[]): string {
    const name = this.#name('floats');
    const raw = Buffer.from(Float32Array.from(values).buffer);
    this.#constants.push({ name, dataType: TYPES.float, dims: [...shape], rawData: raw });
    return name;
  }

  /** Integer attributes only, but for the one string that ScatterND takes. */
  node(opType: string, inputs: readonly string[], attributes: Record<string, number | string> = {}): string {
    const output = this.#name(opType);
    const attribute = Object.entries(attributes).map(([name, value]) =>
      typeof value === 'number'
        ? { name, type: AttributeProto.AttributeType.INT, i: value }
        : { name, type: AttributeProto.AttributeType.STRING, s: Buffer.from(value) },
    );
    this.#nodes.push({ opType, input: [...inputs], output: [output], attribute });
    return output;
  }

  build(): Uint8Array {
    return ModelProto.encode({
      irVersion: IR_VERSION,
      opsetImport: [{ domain: '', version: OPSET }],
      graph: {
        name: 'head',
        node: this.#nodes,
        initializer: this.#constants,
        input: this.#inputs,
        output: this.#outputs,
      },
    }).finish();
  }

  #name(kind: string): string {
    return `${kind}_${this.#count++}`;
  }
}

function valueInfo(name: string, type: ElementType, rank: number): onnx.IValueInfoProto {
  const dim = Array.from({ length: rank }, (_, i) => ({ dimParam: `${name}_${i}` }));
  return { name, type: { tensorType: { elemType: TYPES[type], shape: { dim } } } };
}
