import type { Engine, FeatureMaps } from '../infer/engines/engine.js';
import { TRUNK_TAPS } from '../infer/network.js';
import type { ComposedFrame, Composer } from './compose/composer.js';
import type { FeatureStore } from './feature-store.js';
import { measureStatistics, quantise } from './head/quantiser.js';

/** Frames composed at a time: their pictures are decoded by sharp's threads meanwhile. */
const IN_FLIGHT = 4;
/** The first frames give the statistics by which all are quantised. */
const MEASURED_FRAMES = 48;

export interface ExtractOptions {
  readonly composer: Composer;
  readonly engine: Engine;
  readonly store: FeatureStore;
  readonly count: number;
  readonly signal?: AbortSignal | undefined;
  readonly onFrame?: ((done: number) => void) | undefined;
}

/** Composes frames 0 to count - 1 and stores their features, going on where an earlier run stopped. */
export async function extractFeatures(options: ExtractOptions): Promise<void> {
  const { composer, engine, store, count, signal } = options;
  const waiting: Promise<ComposedFrame>[] = [];
  // An earlier run may have wanted more.
  store.frames.length = Math.min(store.frames.length, count);
  let next = store.frames.length;
  let held: { frame: ComposedFrame; maps: FeatureMaps }[] = [];
  const flush = async (): Promise<void> => {
    store.statistics ??= measureStatistics(held.map((h) => h.maps));
    for (const { frame, maps } of held) await append(store, frame, maps);
    held = [];
  };
  try {
    for (let index = next; index < count; index++) {
      while (waiting.length < IN_FLIGHT && next < count) {
        const frame = composer.frame(next++);
        // Its turn to be awaited may come late; until then a failure must not count as unhandled.
        frame.catch(() => undefined);
        waiting.push(frame);
      }
      const frame = await waiting.shift()!;
      signal?.throwIfAborted();
      const maps = await engine.run({ data: frame.data, count: 1, width: frame.width, height: frame.height });
      held.push({ frame, maps });
      if (store.statistics || held.length >= MEASURED_FRAMES || index === count - 1) await flush();
      options.onFrame?.(index + 1);
    }
  } finally {
    await Promise.allSettled(waiting);
    await store.save();
  }
}

async function append(store: FeatureStore, frame: ComposedFrame, maps: FeatureMaps): Promise<void> {
  const codes = new Map(
    TRUNK_TAPS.map(({ name, stride }) => [
      stride as number,
      quantise(maps.get(name)!.data, store.statistics!.get(stride)!),
    ]),
  );
  await store.append({ width: frame.width, height: frame.height, targets: frame.targets }, codes);
}
