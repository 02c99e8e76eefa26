import type { ContentRect } from '../core/frame.js';
import type { Box } from '../core/geometry.js';
import { createEngine } from '../infer/engines/create.js';
import type { Engine, EngineKind, FeatureMaps } from '../infer/engines/engine.js';
import { withOutputs } from '../infer/network/compose.js';
import { lookAtBoxes } from '../infer/network/second-look.js';
import {
  CROP_CHANNELS,
  CROP_LAYER,
  HEAD_STRIDES,
  type Network,
  placeLayer,
  towerLayer,
} from '../infer/network.js';

/** rgb24 */
export interface BasePicture {
  readonly width: number;
  readonly height: number;
  readonly content?: ContentRect;
  readonly data: Uint8Array;
}

/** The part of a picture that is no letterbox: all of it, where nothing else is said. */
export function contentOf({ width, height, content }: BasePicture): ContentRect {
  return content ?? { x: 0, y: 0, width, height };
}

/** The shipped network without any brands: what both looks give before a head reads it. */
export class Base {
  readonly #look: Engine;
  readonly #crop: Engine;

  private constructor(look: Engine, crop: Engine) {
    this.#look = look;
    this.#crop = crop;
  }

  static async open(network: Network, kind: EngineKind = 'onnx-f32'): Promise<Base> {
    const outputs = HEAD_STRIDES.flatMap((s) => [towerLayer(s), placeLayer(s)]);
    const look = await createEngine(withOutputs(network, outputs), { kind });
    return new Base(look, await createEngine(withOutputs(network, [CROP_LAYER]), { kind }));
  }

  /** `tower<stride>` and `place<stride>` of one picture. */
  look({ data, width, height }: BasePicture): Promise<FeatureMaps> {
    return this.#look.run({ data, width, height, count: 1 });
  }

  /** What the second look sees in each box (pixels): [boxes, CROP_CHANNELS]. */
  async crops(picture: BasePicture, boxes: readonly Box[]): Promise<Float32Array> {
    const out = new Float32Array(boxes.length * CROP_CHANNELS);
    if (boxes.length === 0) return out;
    const source = { ...picture, content: contentOf(picture) };
    const found = await lookAtBoxes(this.#crop, source, boxes, CROP_LAYER);
    found.forEach((values, n) => {
      out.set(values, n * CROP_CHANNELS);
    });
    return out;
  }

  async close(): Promise<void> {
    await Promise.all([this.#look.close(), this.#crop.close()]);
  }
}
