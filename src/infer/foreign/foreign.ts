/**
 * A user's own network, whatever it came from. Openers get the files' bytes, already checked, and never touch the
 * disk: what a file says about other files is nothing to them.
 */
export const FOREIGN_KINDS = ['onnx', 'tfjs-layers', 'tfjs-graph'] as const;
export type ForeignKind = (typeof FOREIGN_KINDS)[number];

export interface ForeignFiles {
  readonly kind: ForeignKind;
  /** The ONNX file, or the model's JSON. */
  readonly main: Uint8Array;
  /** Files of weights by the names that the JSON gives them; none for ONNX. */
  readonly parts: ReadonlyMap<string, Uint8Array>;
}

export interface ForeignTensor {
  readonly dims: readonly number[];
  readonly data: ArrayLike<number>;
}

export interface ForeignOptions {
  /** Threads of one inference, where the engine can be told. */
  readonly threads: number;
  /** Gives what goes into a final softmax instead of what comes out of it, where there is one. */
  readonly beforeSoftmax: boolean;
}

/** `run` calls may not overlap: ForeignClassifier and ForeignBoxes take turns. */
export interface ForeignNetwork {
  /** `onnx-f32`, `tfjs-wasm`, `tfjs-node`, `tfjs-node-gpu`. */
  readonly engine: string;
  /** The one input's dimensions; undefined where any number will do. */
  readonly dims: readonly (number | undefined)[];
  readonly inputType: 'float32' | 'uint8';
  /** Whether a final softmax was left out, as was asked. */
  readonly softmaxLeftOut: boolean;
  run(input: Float32Array | Uint8Array, dims: readonly number[]): Promise<readonly ForeignTensor[]>;
  close(): Promise<void>;
}

/** How crops become the network's input. */
export interface ForeignInput {
  readonly width: number;
  readonly height: number;
  readonly layout: 'nhwc' | 'nchw';
  readonly normalise: Normalisation;
  /** A region is stretched to the input, or widened to the input's aspect first. */
  readonly aspect: 'stretch' | 'keep';
  /** Sides of the region in sides of the box. */
  readonly margin: number;
}

/** What a byte becomes: see preprocess. `none` keeps 0..255. */
export const NORMALISATIONS = ['0..1', '-1..1', 'imagenet', 'caffe', 'none'] as const;
export type Normalisation = (typeof NORMALISATIONS)[number];

export const OUTPUT_KINDS = ['logits', 'softmax', 'sigmoid'] as const;
export type OutputKind = (typeof OUTPUT_KINDS)[number];

/** Forms in which detectors give boxes: see boxes.ts. */
export const BOX_FORMS = ['yolov5', 'yolov8', 'boxes'] as const;
export type BoxForm = (typeof BOX_FORMS)[number];

export type ForeignOutput =
  | {
      readonly task: 'classifier';
      readonly kind: OutputKind;
      readonly classes: number;
      /** Logit of "none of these", as large as background makes the others together; of logits only. */
      readonly noneLogit?: number;
    }
  | { readonly task: 'detector'; readonly form: BoxForm; readonly classes: number };
