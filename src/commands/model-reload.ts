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
  let detector: ReplaceableDetector | undefined;
  // Before the model is opened: what is promoted meanwhile is seen as a change.
  const reload = new ConfigReload({
    path: join(folder, MANIFEST_FILE),
    telemetry,
    failed: 'The promoted model is not used, the one before goes on',
    load: async () => {
      const before = detector?.model;
      if (before === undefined) return;
      const next = await openDetector(folder, options);
      if (next.model.hash === before.hash) return next.close();
      await detector?.replaceBy(next);
      const { id, hash } = next.model;
      const message = `model ${id} ${hash.slice(0, 12)} has taken the place of ${before.id} ${before.hash.slice(0, 12)}`;
      telemetry.emit({ type: 'info', message });
    },
  });
  try {
    detector = new ReplaceableDetector(await openDetector(folder, options));
  } catch (error) {
    await reload.close();
    throw error;
  }
  const opened = detector;
  const close = async () => {
    await reload.close();
    await opened.close();
  };
  return { detector: opened, close };
}
