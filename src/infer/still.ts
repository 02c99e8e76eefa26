import type { Detection } from '../core/detection.js';
import type { Frame } from '../core/frame.js';

/** Every second pixel of every second row is compared, in blocks of 4 x 4: 8 x 8 pixels, smaller than any logo that can be found. */
const STEP = 2;
const BLOCK = 4;
/**
 * Mean change of a block, of 255, all of whose pixels count. In a still scene with film grain at 0.5 and 1.5 Mb/s the block that
 * changes most has 4 in half of the pictures and 5 in nine of ten. Changes are counted from the picture that was looked at, so that a slow fade adds up.
 */
const CHANGE_MAX = 6;
/** Media time without a look, microseconds. */
const REUSE_US_MAX = 1_000_000;
/** No brand's threshold is near: what is repeated can open nothing. */
const SCORE_MAX = 0.1;

/** A picture that was, or is being, looked at. */
export interface LookedAt {
  readonly session: string;
  readonly ptsUs: number;
  readonly width: number;
  readonly height: number;
  /** Every STEPth pixel of every STEPth row, three bytes each. */
  readonly samples: Uint8Array;
  /** Undefined until the detector has answered, and if it refused. */
  found: readonly Detection[] | undefined;
  /** Which has answered. */
  modelHash: string | undefined;
}

export interface Sight {
  /** What the picture shows, where that is known without a look. */
  readonly known: readonly Detection[] | undefined;
  /** Where later pictures are compared with this one: whoever looks at it tells what was found. */
  readonly reference: LookedAt | undefined;
}

/**
 * Pictures that need no look: nothing has changed since one in which nothing was found. Where something was found each
 * picture is looked at, since evidence that is repeated is none.
 */
export class StillPictures {
  readonly #last = new Map<string, LookedAt>();

  /**
   * @param frame rgb24, the pictures of each stream in their order
   * @param modelHash what another model has found is looked at again
   */
  see(frame: Frame, modelHash: string): Sight {
    const last = this.#last.get(frame.streamId);
    if (last !== undefined && isSame(last, frame)) {
      const nothing = last.found?.every(({ score }) => score < SCORE_MAX) ?? false;
      const isKnown = nothing && last.modelHash === modelHash;
      return { known: isKnown ? last.found : undefined, reference: undefined };
    }
    const { streamId, session, ptsUs, width, height } = frame;
    const samples = samplesOf(frame);
    const reference = { session, ptsUs, width, height, samples, found: undefined, modelHash: undefined };
    this.#last.set(streamId, reference);
    return { known: undefined, reference };
  }

  forget(streamId: string): void {
    this.#last.delete(streamId);
  }
}

function isSame(last: LookedAt, frame: Frame): boolean {
  const ageUs = frame.ptsUs - last.ptsUs;
  if (frame.session !== last.session || ageUs < 0 || ageUs >= REUSE_US_MAX) return false;
  if (frame.width !== last.width || frame.height !== last.height) return false;
  return !hasChanged(last.samples, frame);
}

const samplesAlong = (side: number): number => Math.floor(side / STEP);

function samplesOf({ width, height, data }: Frame): Uint8Array {
  const [columns, rows] = [samplesAlong(width), samplesAlong(height)];
  const samples = new Uint8Array(columns * rows * 3);
  let to = 0;
  for (let row = 0; row < rows; row++) {
    let from = row * STEP * width * 3;
    for (let column = 0; column < columns; column++, from += STEP * 3) {
      samples[to++] = data[from]!;
      samples[to++] = data[from + 1]!;
      samples[to++] = data[from + 2]!;
    }
  }
  return samples;
}

/** Whether some block has; those at the right and lower edge overlap the ones before. Pictures under a block's size always have. */
function hasChanged(samples: Uint8Array, { width, height, data }: Frame): boolean {
  const [columns, rows] = [samplesAlong(width), samplesAlong(height)];
  if (columns < BLOCK || rows < BLOCK) return true;
  for (let y = 0; y < rows; y += BLOCK) {
    const top = Math.min(y, rows - BLOCK);
    for (let x = 0; x < columns; x += BLOCK) {
      const left = Math.min(x, columns - BLOCK);
      let change = 0;
      for (let row = top; row < top + BLOCK; row++) {
        let at = (row * columns + left) * 3;
        let from = (row * width + left) * STEP * 3;
        for (let column = 0; column < BLOCK; column++, at += 3, from += STEP * 3) {
          change += Math.abs(data[from]! - samples[at]!);
          change += Math.abs(data[from + 1]! - samples[at + 1]!);
          change += Math.abs(data[from + 2]! - samples[at + 2]!);
        }
      }
      if (change > CHANGE_MAX * 3 * BLOCK ** 2) return true;
    }
  }
  return false;
}
