import type { ContentRect } from '../core/frame.js';
import type { Box } from '../core/geometry.js';
import { createEngine } from '../infer/engines/create.js';
import type { Engine, EngineKind, FeatureMaps } from '../infer/engines/engine.js';
import { mapOf } from '../infer/network/candidates.js';
import { withOutputs } from '../infer/network/compose.js';
import { type CropSource, cropRegion, sampleCrop } from '../infer/network/crop.js';
import {
  CROP_CHANNELS,
  CROP_PARTS,
  CROP_PX,
  HEAD_STRIDES,
  type Network,
  placeLayer,
  towerLayer,
} from '../infer/network.js';
import { centre } from '../infer/network-detector.js';

/** rgb24 */
export interface BasePicture {
  readonly width: number;
  readonly height: number;
  readonly content?: ContentRect;
  readonly data: Uint8Array;
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
    return new Base(
      look,
      await createEngine(
        withOutputs(
          network,
          CROP_PARTS.map((p) => p.layer),
        ),
        { kind },
      ),
    );
  }

  /** `tower<stride>` and `place<stride>` of one picture. */
  look({ data, width, height }: BasePicture): Promise<FeatureMaps> {
    return this.#look.run({ data, width, height, count: 1 });
  }

  /** What the second look sees in each box (pixels): [boxes, CROP_CHANNELS]. */
  async crops(picture: BasePicture, boxes: readonly Box[]): Promise<Float32Array> {
    const out = new Float32Array(boxes.length * CROP_CHANNELS);
    if (boxes.length === 0) return out;
    const { width, height, data } = picture;
    const source: CropSource = {
      width,
      height,
      data,
      content: picture.content ?? { x: 0, y: 0, width, height },
    };
    const size = CROP_PX * CROP_PX * 3;
    const pixels = new Uint8Array(boxes.length * size);
    boxes.forEach((box, n) => {
      sampleCrop(source, cropRegion(box), pixels.subarray(n * size, (n + 1) * size));
    });
    const maps = await this.#crop.run({ data: pixels, count: boxes.length, width: CROP_PX, height: CROP_PX });
    let at = 0;
    for (const { layer, channels } of CROP_PARTS) {
      const map = mapOf(maps, layer);
      for (let n = 0; n < boxes.length; n++) out.set(centre(map, n), n * CROP_CHANNELS + at);
      at += channels;
    }
    return out;
  }

  async close(): Promise<void> {
    await Promise.all([this.#look.close(), this.#crop.close()]);
  }
}
