/** What one showinfo line tells of the frame that follows on stdout. */
export interface FrameInfo {
  /** Microseconds on the source's own clock; undefined when the frame has no PTS. */
  readonly ptsUs: number | undefined;
  /** Size of the picture before padding, pixels. */
  readonly width: number;
  readonly height: number;
}

const TIME_BASE = /config in time_base:\s*(\d+)\/(\d+)/;
// Not anchored: newer builds log from several threads, and a line may begin in the middle of another one.
const FRAME = /\bn:\s*\d+ pts:\s*(-?\d+|NOPTS) .*?\bs:(\d+)x(\d+) /;

/**
 * Reads the integer `pts` and the time base, since `pts_time` has six significant digits up to 5.1. A change of
 * the video's size in mid-stream starts a new filter graph, with a new time base line and `n` from 0.
 */
export class ShowinfoParser {
  #num = 0n;
  #den = 0n;

  parse(line: string): FrameInfo | undefined {
    if (!line.includes('showinfo')) return undefined;
    const base = TIME_BASE.exec(line);
    if (base) {
      this.#num = BigInt(base[1]!);
      this.#den = BigInt(base[2]!);
    }
    const frame = FRAME.exec(line);
    if (!frame) return undefined;
    return { ptsUs: this.#microseconds(frame[1]!), width: Number(frame[2]), height: Number(frame[3]) };
  }

  #microseconds(pts: string): number | undefined {
    if (pts === 'NOPTS' || this.#den === 0n) return undefined;
    return Number((BigInt(pts) * this.#num * 1_000_000n) / this.#den);
  }
}
