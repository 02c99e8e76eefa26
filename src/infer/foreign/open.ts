import type { ForeignFiles, ForeignKind, ForeignNetwork, ForeignOptions } from './foreign.js';
import { openOnnx } from './onnx.js';
import { openTfjsGraph } from './tfjs-graph.js';
import { openTfjsLayers } from './tfjs-layers.js';

type Opener = (files: ForeignFiles, options: ForeignOptions) => Promise<ForeignNetwork>;

/** A new kind is a file, a line here and a line in FOREIGN_KINDS. */
const OPENERS: Readonly<Record<ForeignKind, Opener>> = {
  onnx: openOnnx,
  'tfjs-layers': openTfjsLayers,
  'tfjs-graph': openTfjsGraph,
};

/** Errors: model-damaged, model-incompatible, engine-unavailable. */
export function openForeign(files: ForeignFiles, options: ForeignOptions): Promise<ForeignNetwork> {
  return OPENERS[files.kind](files, options);
}
