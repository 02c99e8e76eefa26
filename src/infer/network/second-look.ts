import type { Box } from '../../core/geometry.js';
import type { Engine, FeatureMap } from '../engines/engine.js';
import { CROP_PX } from '../network.js';
import { mapOf } from './candidates.js';
import { type CropSource, cropRegion, sampleCrop } from './crop.js';

/** The second look at each box (pixels) of a picture: the channels that the layers give at a crop's centre, side by side. */
export async function lookAtBoxes(
  engine: Engine,
  picture: CropSource,
  boxes: readonly Box[],
  layers: readonly string[],
): Promise<Float32Array[]> {
  if (boxes.length === 0) return [];
  const size = CROP_PX * CROP_PX * 3;
  const data = new Uint8Array(boxes.length * size);
  boxes.forEach((box, n) => {
    sampleCrop(picture, cropRegion(box), data.subarray(n * size, (n + 1) * size));
  });
  const batch = { data, count: boxes.length, width: CROP_PX, height: CROP_PX };
  const maps = await engine.run(batch);
  const parts = layers.map((layer) => mapOf(maps, layer));
  const channels = parts.reduce((sum, p) => sum + p.channels, 0);
  return boxes.map((_, n) => {
    const row = new Float32Array(channels);
    let at = 0;
    for (const part of parts) {
      row.set(centre(part, n), at);
      at += part.channels;
    }
    return row;
  });
}

/** The central cell's channels: the only one whose receptive field is the whole crop. */
function centre(map: FeatureMap, image: number): Float32Array {
  const cell = (map.height >> 1) * map.width + (map.width >> 1);
  const at = (image * map.height * map.width + cell) * map.channels;
  return map.data.slice(at, at + map.channels);
}
