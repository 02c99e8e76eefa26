import type { Box } from '../../core/geometry.js';
import type { Engine, FeatureMap } from '../engines/engine.js';
import { CROP_PX } from '../network.js';
import { mapOf } from './candidates.js';
import { type CropSource, cropRegion, sampleCrop } from './crop.js';

/** The second look at each box (pixels) of a picture: the channels that the layer gives at a crop's centre. */
export async function lookAtBoxes(
  engine: Engine,
  picture: CropSource,
  boxes: readonly Box[],
  layer: string,
): Promise<Float32Array[]> {
  if (boxes.length === 0) return [];
  const size = CROP_PX * CROP_PX * 3;
  const data = new Uint8Array(boxes.length * size);
  boxes.forEach((box, n) => {
    sampleCrop(picture, cropRegion(box), data.subarray(n * size, (n + 1) * size));
  });
  const map = mapOf(await engine.run({ data, count: boxes.length, width: CROP_PX, height: CROP_PX }), layer);
  return boxes.map((_, n) => centre(map, n));
}

/** The central cell's channels: the only one whose receptive field is the whole crop. */
function centre(map: FeatureMap, image: number): Float32Array {
  const cell = (map.height >> 1) * map.width + (map.width >> 1);
  const at = (image * map.height * map.width + cell) * map.channels;
  return map.data.slice(at, at + map.channels);
}
