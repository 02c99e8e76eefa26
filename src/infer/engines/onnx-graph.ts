import type { onnx as Onnx } from 'onnx-proto';
import onnxProto from 'onnx-proto';

const { onnx } = onnxProto;
const { DataType } = onnx.TensorProto;
const { AttributeType } = onnx.AttributeProto;
/** 13 brought per-channel DequantizeLinear. */
const OPSET = 13;
/** What goes with opset 13. */
const IR_VERSION = 7;

export type Attributes = Readonly<Record<string, number | string | readonly number[]>>;

/** Collects nodes and initialisers of an ONNX graph, and gives the model's bytes. */
export class OnnxGraph {
  readonly #nodes: Onnx.INodeProto[] = [];
  readonly #initializers: Onnx.ITensorProto[] = [];
  readonly #outputs: Onnx.IValueInfoProto[] = [];
  #input: Onnx.IValueInfoProto | undefined;

  /** Adds a node of one output and returns that output's name, which is the node's too. */
  node(op: string, name: string, inputs: readonly string[], attributes: Attributes = {}): string {
    this.#nodes.push({
      opType: op,
      name,
      input: [...inputs],
      output: [name],
      attribute: Object.entries(attributes).map(attribute),
    });
    return name;
  }

  floats(name: string, dims: readonly number[], values: Float32Array | readonly number[]): string {
    return this.#initializer(name, dims, DataType.FLOAT, bytesOf(Float32Array.from(values)));
  }

  int32s(name: string, dims: readonly number[], values: Int32Array): string {
    return this.#initializer(name, dims, DataType.INT32, bytesOf(values));
  }

  int64s(name: string, values: readonly number[]): string {
    return this.#initializer(
      name,
      [values.length],
      DataType.INT64,
      bytesOf(BigInt64Array.from(values, BigInt)),
    );
  }

  int8s(name: string, dims: readonly number[], values: Int8Array): string {
    return this.#initializer(name, dims, DataType.INT8, bytesOf(values));
  }

  uint8s(name: string, dims: readonly number[], values: Uint8Array): string {
    return this.#initializer(name, dims, DataType.UINT8, values);
  }

  /** A dimension given as text is free, by that name. */
  input(name: string, dims: readonly (number | string)[], type: 'uint8' | 'float32' = 'uint8'): string {
    this.#input = valueInfo(name, type === 'uint8' ? DataType.UINT8 : DataType.FLOAT, dims);
    return name;
  }

  output(name: string, dims: readonly (number | string)[]): void {
    this.#outputs.push(valueInfo(name, DataType.FLOAT, dims));
  }

  toBytes(): Uint8Array {
    const model: Onnx.IModelProto = {
      irVersion: IR_VERSION,
      producerName: 'logowatch',
      opsetImport: [{ domain: '', version: OPSET }],
      graph: {
        name: 'network',
        node: this.#nodes,
        initializer: this.#initializers,
        input: this.#input === undefined ? [] : [this.#input],
        output: this.#outputs,
      },
    };
    return onnx.ModelProto.encode(onnx.ModelProto.fromObject(model)).finish();
  }

  #initializer(name: string, dims: readonly number[], dataType: number, rawData: Uint8Array): string {
    this.#initializers.push({ name, dims: [...dims], dataType, rawData });
    return name;
  }
}

function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function attribute([name, value]: [string, number | string | readonly number[]]): Onnx.IAttributeProto {
  if (typeof value === 'number') return { name, type: AttributeType.INT, i: value };
  if (typeof value === 'string') return { name, type: AttributeType.STRING, s: Buffer.from(value) };
  return { name, type: AttributeType.INTS, ints: [...value] };
}

function valueInfo(name: string, elemType: number, dims: readonly (number | string)[]): Onnx.IValueInfoProto {
  const dim = dims.map((d) => (typeof d === 'string' ? { dimParam: d } : { dimValue: d }));
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}
