/** One picture size a batch: rgb24, count * height * width * 3 bytes, picture by picture, row by row. */
export interface Batch {
  readonly data: Uint8Array;
  readonly count: number;
  readonly width: number;
  readonly height: number;
}

/** A layer's activations, NHWC: data[((image * height + y) * width + x) * channels + channel]. */
export interface FeatureMap {
  readonly data: Float32Array;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

export type FeatureMaps = ReadonlyMap<string, FeatureMap>;

/**
 * What can be asked for; `auto` is onnx-int8 where the model has ranges and the processor gains from it, else
 * onnx-f32, else tfjs.
 */
export const ENGINE_KINDS = ['auto', 'onnx-int8', 'onnx-f32', 'tfjs'] as const;
export type EngineKind = (typeof ENGINE_KINDS)[number];

/**
 * Runs one network. `run` answers the network's outputs by layer name; calls may overlap, and are then run one
 * after the other. The batch's bytes must stay unchanged until `run` settles.
 */
export interface Engine {
  /** `onnx-int8`, `onnx-f32`, `tfjs-wasm`, `tfjs-node`, `tfjs-webgpu`, `tfjs-node-gpu`. */
  readonly name: string;
  /** Pictures a batch beyond which it gains nothing. */
  readonly batchSize: number;
  run(batch: Batch): Promise<FeatureMaps>;
  /** Frees what the engine holds; `run` rejects from then on. */
  close(): Promise<void>;
}
