import type { SourceFrame } from './source.js';

export interface FrameQueueOptions {
  /** Frames held at most. */
  readonly capacity: number;
  /** True: a full queue gives up its oldest frame. False: `push` tells the producer to wait for `onRoom`. */
  readonly dropOldest: boolean;
  readonly onRoom?: () => void;
}

/** The bounded hop between the pipe and whoever pulls frames: one producer, one consumer. */
export class FrameQueue {
  readonly #options: FrameQueueOptions;
  readonly #frames: SourceFrame[] = [];
  #waiting: ((result: IteratorResult<SourceFrame>) => void) | undefined;
  #ended = false;
  #dropped = 0;

  constructor(options: FrameQueueOptions) {
    this.#options = options;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** False when the producer should wait: the frame is kept all the same. */
  push(frame: SourceFrame): boolean {
    if (this.#waiting) {
      const resolve = this.#waiting;
      this.#waiting = undefined;
      resolve({ done: false, value: frame });
      return true;
    }
    const { capacity, dropOldest } = this.#options;
    this.#frames.push(frame);
    if (dropOldest && this.#frames.length > capacity) this.#drop();
    return dropOldest || this.#frames.length < capacity;
  }

  /** What is queued is still delivered; `discard` throws it away. */
  end(discard = false): void {
    this.#ended = true;
    if (discard) this.#frames.length = 0;
    this.#waiting?.({ done: true, value: undefined });
    this.#waiting = undefined;
  }

  next(): Promise<IteratorResult<SourceFrame>> {
    const frame = this.#frames.shift();
    if (frame) {
      if (!this.#ended && this.#frames.length < this.#options.capacity) this.#options.onRoom?.();
      return Promise.resolve({ done: false, value: frame });
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  #drop(): void {
    const oldest = this.#frames.shift();
    const heir = this.#frames[0];
    this.#dropped += 1;
    // The fact of a jump outlives the frame that carried it.
    if (oldest?.gapBefore && heir && !heir.gapBefore)
      this.#frames[0] = { ...heir, gapBefore: oldest.gapBefore };
  }
}
