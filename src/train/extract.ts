import { type Box, iou } from '../core/geometry.js';
import type { FeatureMaps } from '../infer/engines/engine.js';
import { cellBox, mapOf } from '../infer/network/candidates.js';
import { distinct, type Place, placesOf } from '../infer/network/places.js';
import { HEAD_STRIDES, placeLayer } from '../infer/network.js';
import { type Base, contentOf } from './base.js';
import type { ComposedFrame, Composer } from './compose/composer.js';
import type { Target } from './compose/target.js';
import { gridSize, onTarget, positives } from './head/targets.js';
import { jitter, showsNothingOf, towers, windowPlaces } from './places.js';
import { Rng } from './rng.js';
import { type FrameSamples, NO_BRAND, type SampleStore } from './samples.js';

/** Negative cells a frame: those that look most like some logo, and random ones. */
const LOGO_LIKE = 56;
const RANDOM = 16;
/** Negative crops a frame. */
const CROPS = 5;
/** Crops of a target beside the one at the box that the network itself finds. */
const JITTERED = 2;
const JITTER = { size: 0.12, shift: 0.05 };
/** Of the windows of a frame, how many are kept; overlap with a target from which one shows it. */
const WINDOWS = 2;
const SHOWN_IOU = 0.5;

/** The samples of one composed frame; a function of (seed, index) and the frame. */
export async function extract(
  base: Base,
  frame: ComposedFrame,
  seed: number,
  index: number,
): Promise<FrameSamples> {
  const rng = new Rng(seed, index, 3);
  const maps = await base.look(frame);
  const cells: { stride: number; cell: number; label: number }[] = [];
  const boxes: { box: Box; label: number }[] = [];
  for (const target of frame.targets) {
    if (target.ignore) continue;
    for (let i = 0; i < JITTERED; i++)
      boxes.push({ box: jitter(rng, target.box, JITTER.size, JITTER.shift), label: target.brand });
  }
  for (const stride of HEAD_STRIDES) {
    for (const { cell, target } of positives(frame.targets, frame.width, frame.height, stride, rng))
      cells.push({ stride, cell, label: target.brand });
  }
  for (const target of frame.targets) {
    const found = bestBoxOf(maps, frame, target, cells);
    if (found !== undefined) boxes.push({ box: found, label: target.brand });
  }
  const windows = windowPlaces(maps, frame);
  for (let i = 0; i < WINDOWS; i++) {
    const { box } = rng.pick(windows);
    const shown = frame.targets.find((t) => !t.ignore && iou(t.box, box) >= SHOWN_IOU);
    if (shown !== undefined) boxes.push({ box, label: shown.brand });
    else if (frame.targets.every((t) => showsNothingOf(t.box, box))) boxes.push({ box, label: NO_BRAND });
  }
  const free = placesOf(maps, contentOf(frame)).filter(
    (p) => !frame.targets.some((t) => touches(t, p, frame.width)),
  );
  free.sort((a, b) => b.logo - a.logo);
  for (const { stride, cell } of free.slice(0, LOGO_LIKE)) cells.push({ stride, cell, label: NO_BRAND });
  for (let i = 0; i < RANDOM && free.length > 0; i++) cells.push({ ...rng.pick(free), label: NO_BRAND });
  const apart = free.filter((p) => frame.targets.every((t) => showsNothingOf(t.box, p.box)));
  for (const { box } of distinct(apart, CROPS)) boxes.push({ box, label: NO_BRAND });
  const brands = [...new Set(frame.targets.filter((t) => !t.ignore).map((t) => t.brand))];
  return {
    brands,
    unclear: brands.length === 0 && frame.targets.length > 0,
    cells: towers(maps, cells),
    crops: {
      data: await base.crops(
        frame,
        boxes.map((b) => b.box),
      ),
      labels: Int16Array.from(boxes, (b) => b.label),
    },
  };
}

function touches(target: Target, { stride, cell }: Place, width: number): boolean {
  return onTarget(target, cell, gridSize(width, stride), stride);
}

/** Where the network itself finds a target, if it does. */
function bestBoxOf(
  maps: FeatureMaps,
  frame: ComposedFrame,
  target: Target,
  cells: readonly { stride: number; cell: number; label: number }[],
): Box | undefined {
  if (target.ignore) return undefined;
  const content = { x: 0, y: 0, width: frame.width, height: frame.height };
  let best: Box | undefined;
  let most = 0.4;
  for (const { stride, cell, label } of cells) {
    if (label !== target.brand) continue;
    const columns = mapOf(maps, placeLayer(stride)).width;
    const box = cellBox(maps, 0, content, stride, Math.floor(cell / columns), cell % columns);
    const overlap = iou(box, target.box);
    if (overlap > most) [best, most] = [box, overlap];
  }
  return best;
}

/** Frames composed at a time: their pictures are decoded by sharp's threads meanwhile. */
const IN_FLIGHT = 4;

export interface ExtractOptions {
  readonly composer: Composer;
  readonly base: Base;
  readonly store: SampleStore;
  readonly count: number;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
  readonly onFrame?: ((done: number) => void) | undefined;
}

/** Composes frames up to `count` and stores their samples, going on where an earlier run stopped. */
export async function extractSamples(options: ExtractOptions): Promise<void> {
  const { composer, base, store, count, seed, signal } = options;
  let index = store.frames.length;
  try {
    for await (const frame of composeAhead(composer, index, count)) {
      signal?.throwIfAborted();
      await store.append(await extract(base, frame, seed, index));
      options.onFrame?.(++index);
    }
  } finally {
    await store.save();
  }
}

/** Frames `from` to `to` (not included) in order; the next ones are composed while one is used. */
export async function* composeAhead(
  composer: Composer,
  from: number,
  to: number,
): AsyncGenerator<ComposedFrame> {
  const waiting: Promise<ComposedFrame>[] = [];
  let next = from;
  try {
    for (let index = from; index < to; index++) {
      while (waiting.length < IN_FLIGHT && next < to) {
        const frame = composer.frame(next++);
        // Its turn to be awaited may come late; until then a failure must not count as unhandled.
        frame.catch(() => undefined);
        waiting.push(frame);
      }
      yield await waiting.shift()!;
    }
  } finally {
    await Promise.allSettled(waiting);
  }
}
