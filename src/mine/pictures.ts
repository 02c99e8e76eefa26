import type { Detector } from '../infer/detector.js';
import { type LoadedImage, loadImage } from '../infer/image.js';
import type { Look } from './look.js';

/** Pictures decoded ahead of the network. */
const BATCH = 4;

export interface PictureLookOptions {
  readonly detector: Detector;
  readonly signal: AbortSignal;
  /** Candidates under this score are left out, 0..1. */
  readonly minScore: number;
  /** A picture that cannot be read: the others are looked at all the same. */
  readonly onUnreadable: (error: unknown) => void;
}

/** Picture files, each by itself, at that input size of the model which it fills best. */
export async function* lookAtPictures(
  files: readonly string[],
  options: PictureLookOptions,
): AsyncGenerator<Look> {
  const { detector, signal, minScore, onUnreadable } = options;
  for (let i = 0; i < files.length && !signal.aborted; i += BATCH) {
    const loaded: { original: string; image: LoadedImage['image'] }[] = [];
    const decoded = files.slice(i, i + BATCH).map((file) => loadImage(file, detector.model.inputs));
    for (const [k, result] of (await Promise.allSettled(decoded)).entries()) {
      if (result.status === 'rejected') onUnreadable(result.reason);
      else loaded.push({ original: files[i + k]!, image: result.value.image });
    }
    const found = await detector.detect(
      loaded.map(({ image }) => image),
      { minScore, thorough: true },
    );
    for (const [k, { original, image }] of loaded.entries()) {
      const detections = found[k]!;
      yield { source: original, ptsMs: null, time: null, cut: true, image, original, detections };
    }
  }
}
