import { type Box, boxArea, iou, overlapShare } from '../core/geometry.js';
import type { FeatureMaps } from '../infer/engines/engine.js';
import { mapOf } from '../infer/network/candidates.js';
import type { Place } from '../infer/network/places.js';
import { cellOf, windowBoxes } from '../infer/network/windows.js';
import { PLACE_CHANNELS, placeLayer, TOWER_CHANNELS, towerLayer } from '../infer/network.js';
import { type BasePicture, contentOf } from './base.js';
import type { Rng } from './rng.js';
import type { SampleSet } from './samples.js';

/** Overlap with a target up to which a box shows something else, and the share of the target that it may hold. */
const APART_IOU = 0.1;
const APART_SHARE = 0.3;

/** The windows of a picture, each with the cell that speaks for it. */
export function windowPlaces(maps: FeatureMaps, picture: BasePicture): Place[] {
  const map = mapOf(maps, placeLayer(32));
  return windowBoxes(contentOf(picture)).map((box) => {
    const [row, column] = cellOf(maps, box);
    const cell = row * map.width + column;
    return { stride: 32, cell, logo: map.data[cell * PLACE_CHANNELS]!, box };
  });
}

/** Neither the target nor much of it is in the box. */
export function showsNothingOf(target: Box, box: Box): boolean {
  const holds = boxArea(box) > boxArea(target) && overlapShare(box, target) > APART_SHARE;
  return !holds && iou(target, box) <= APART_IOU;
}

/** A box beside a box: sides by the exponential of a deviation `size`, its centre moved by `shift` of them. */
export function jitter(rng: Rng, [x, y, w, h]: Box, size: number, shift: number): Box {
  const [jw, jh] = [w * Math.exp(rng.normal() * size), h * Math.exp(rng.normal() * size)];
  const cx = x + w / 2 + w * rng.normal() * shift;
  const cy = y + h / 2 + h * rng.normal() * shift;
  return [cx - jw / 2, cy - jh / 2, jw, jh];
}

/** The tower's values at chosen cells. */
export function towers(
  maps: FeatureMaps,
  cells: readonly { stride: number; cell: number; label: number }[],
): SampleSet {
  const data = new Float32Array(cells.length * TOWER_CHANNELS);
  cells.forEach(({ stride, cell }, n) => {
    const map = mapOf(maps, towerLayer(stride));
    data.set(map.data.subarray(cell * TOWER_CHANNELS, (cell + 1) * TOWER_CHANNELS), n * TOWER_CHANNELS);
  });
  return { data, labels: Int16Array.from(cells, (c) => c.label) };
}
