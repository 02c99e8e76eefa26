/** Cuts a byte stream into frames of one size; each frame owns its buffer, filled straight from the chunks. */
export class RawFrameReader {
  readonly #size: number;
  readonly #onFrame: (frame: Uint8Array) => void;
  #frame: Buffer | undefined;
  #filled = 0;

  constructor(size: number, onFrame: (frame: Uint8Array) => void) {
    this.#size = size;
    this.#onFrame = onFrame;
  }

  /** Bytes of a frame that has not come whole. */
  get pendingBytes(): number {
    return this.#filled;
  }

  push(chunk: Buffer): void {
    let offset = 0;
    while (offset < chunk.length) {
      // Not from the shared pool: frames are handed on, and may be transferred to a worker.
      this.#frame ??= Buffer.allocUnsafeSlow(this.#size);
      const count = chunk.copy(this.#frame, this.#filled, offset);
      this.#filled += count;
      offset += count;
      if (this.#filled === this.#size) {
        const frame = this.#frame;
        this.#frame = undefined;
        this.#filled = 0;
        this.#onFrame(frame);
      }
    }
  }
}
