import { join } from 'node:path';
import { MANIFEST_FILE } from '../infer/model/load.js';
import { ReplaceableDetector } from '../infer/replaceable-detector.js';
import { openDetector, type PoolOptions } from '../infer/workers/pool.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { ConfigReload } from './reload.js';

export interface FollowedModel {
  readonly detector: ReplaceableDetector;
  /** Follows no longer, and closes the detector. */
  close(): Promise<void>;
}

/**
 * The detector of a model folder, and of what `promote` puts there later: the new model is opened and has looked at a picture before it
 * takes the old one's place, and one that cannot is left, with a warning. Errors: as of openDetector.
 */
export async function openFollowed(
  folder: string,
  options: PoolOptions,
  telemetry: Telemetry,
): Promise<FollowedModel> {
  // Its first look at the folder comes before the model's: what is promoted between the two is seen as a change.
  const reload = new ConfigReload({
    path: join(folder, MANIFEST_FILE),
    telemetry,
    onHangup: false,
    failed: 'The promoted model is not used, the one before goes on',
    load: async () => {
      const detector = await opening;
      const before = detector.model;
      const next = await openDetector(folder, options);
      if (next.model.hash === before.hash) return next.close();
      await detector.replaceBy(next);
      const named = ({ id, hash }: typeof before) => `${id} ${hash.slice(0, 12)}`;
      const message = `model ${named(next.model)} has taken the place of ${named(before)}`;
      telemetry.emit({ type: 'info', message });
    },
  });
  const opening = openDetector(folder, options).then((first) => new ReplaceableDetector(first));
  try {
    const detector = await opening;
    const close = async () => {
      await reload.close();
      await detector.close();
    };
    return { detector, close };
  } catch (error) {
    await reload.close();
    throw error;
  }
}
