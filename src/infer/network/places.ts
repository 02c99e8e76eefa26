import type { ContentRect } from '../../core/frame.js';
import { type Box, iou } from '../../core/geometry.js';
import type { FeatureMaps } from '../engines/engine.js';
import { HEAD_STRIDES, placeLayer } from '../network.js';
import { cellBox, forEachCell, mapOf } from './candidates.js';

export interface Place {
  readonly stride: number;
  /** Row * columns + column. */
  readonly cell: number;
  /** Logit of being at some logo. */
  readonly logo: number;
  readonly box: Box;
}

/** Every cell's place in a picture. */
export function placesOf(maps: FeatureMaps, content: ContentRect): Place[] {
  const places: Place[] = [];
  for (const stride of HEAD_STRIDES) {
    const map = mapOf(maps, placeLayer(stride));
    forEachCell(map, 0, content, stride, (at, row, column) => {
      const box = cellBox(maps, 0, content, stride, row, column);
      if (box[2] >= 2 && box[3] >= 2)
        places.push({ stride, cell: row * map.width + column, logo: map.data[at]!, box });
    });
  }
  return places;
}

/** The first places of a list by falling rank that do not lie on one another. */
export function distinct(places: readonly Place[], most: number): Place[] {
  const kept: Place[] = [];
  for (const place of places) {
    if (kept.length === most) break;
    if (kept.every((other) => iou(other.box, place.box) < 0.45)) kept.push(place);
  }
  return kept;
}
