import type { ContentRect } from '../../core/frame.js';
import { FrameQueue } from '../frame-queue.js';
import { PtsRebaser } from '../rebase.js';
import type { SourceEnd, SourceFrame, SourceSession } from '../source.js';
import { type FfmpegInput, type FrameFormat, frameArguments } from './arguments.js';
import { classifyExit } from './classify.js';
import type { FfmpegBinary } from './locate.js';
import { SupervisedProcess } from './process.js';
import { RawFrameReader } from './raw-frames.js';
import { type FrameInfo, ShowinfoParser } from './showinfo.js';

/** Wall time from the source itself; asked for every frame, undefined while it is not known. */
export interface SourceClock {
  readonly clock: 'program-date-time' | 'file';
  wallTimeMs(ptsUs: number): number | undefined;
  /** A line of ffmpeg's stderr, not redacted. */
  onLine?(line: string): void;
}

export interface FfmpegSessionOptions {
  readonly binary: FfmpegBinary;
  readonly input: FfmpegInput;
  readonly format: FrameFormat;
  readonly live: boolean;
  /** Redacted. */
  readonly label: string;
  /** Of the source's URL, for `redact`. */
  readonly secrets?: readonly string[];
  readonly clock?: SourceClock;
  /** An orderly end is the end of the stream, live or not: a file played at its own pace is over. */
  readonly endIsFinal?: boolean;
  /** True for a line of stderr after which waiting for ffmpeg's own end makes no sense. */
  readonly giveUp?: (line: string) => boolean;
  /** See PtsRebaser. */
  readonly forwardUsMax?: number;
  readonly onStarted?: (pid: number) => void;
  /** Called once when ffmpeg has ended. */
  readonly release?: () => void;
  readonly now?: () => number;
}

/** Frames held between the pipe and the reader. */
const QUEUE_FRAMES = 2;
/** showinfo lines that may run ahead of their frames before the two are taken to be out of step. */
const INFOS_MAX = 1024;

/** One run of ffmpeg: raw frames from stdout, paired in order with showinfo lines from stderr. */
export class FfmpegSession implements SourceSession {
  readonly ended: Promise<SourceEnd>;
  readonly #options: FfmpegSessionOptions;
  readonly #process: SupervisedProcess;
  readonly #queue: FrameQueue;
  readonly #rebaser: PtsRebaser;
  readonly #showinfo = new ShowinfoParser();
  readonly #infos: FrameInfo[] = [];
  readonly #pixels: { data: Uint8Array; arrivalMs: number }[] = [];
  readonly #now: () => number;
  #count = 0;
  #closing = false;

  constructor(options: FfmpegSessionOptions) {
    const { binary, input, format, live } = options;
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#rebaser = new PtsRebaser(1e6 / format.fps, options.forwardUsMax);
    this.#process = new SupervisedProcess(binary.path, frameArguments(binary.capabilities, input, format), {
      onLine: (line) => this.#onLine(line),
      ...(input.stdin !== undefined && { stdin: input.stdin }),
    });
    const { stdout, pid } = this.#process;
    if (pid !== undefined) options.onStarted?.(pid);
    this.#queue = new FrameQueue({
      capacity: QUEUE_FRAMES,
      dropOldest: live,
      onRoom: () => stdout.resume(),
    });
    const reader = new RawFrameReader(format.width * format.height * 3, (data) => {
      this.#pixels.push({ data, arrivalMs: this.#now() });
      this.#pair();
    });
    stdout.on('data', (chunk: Buffer) => reader.push(chunk));
    stdout.on('error', () => {});
    this.ended = this.#finish();
  }

  get dropped(): number {
    return this.#queue.dropped;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  frames(): AsyncIterable<SourceFrame> {
    return { [Symbol.asyncIterator]: () => ({ next: () => this.#queue.next() }) };
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#queue.end(true);
    await this.#process.stop();
    await this.ended;
  }

  #onLine(line: string): void {
    this.#options.clock?.onLine?.(line);
    if (this.#options.giveUp?.(line)) void this.#process.stop();
    const info = this.#showinfo.parse(line);
    if (!info) return;
    this.#infos.push(info);
    if (this.#infos.length > INFOS_MAX) void this.close();
    this.#pair();
  }

  #pair(): void {
    while (this.#infos.length > 0 && this.#pixels.length > 0) {
      const { data, arrivalMs } = this.#pixels.shift()!;
      if (!this.#queue.push(this.#frame(this.#infos.shift()!, data, arrivalMs))) this.#process.stdout.pause();
    }
  }

  #frame(info: FrameInfo, data: Uint8Array, arrivalMs: number): SourceFrame {
    const { clock, format } = this.#options;
    const { ptsUs, jump } = this.#rebaser.next(info.ptsUs);
    const wallTimeMs = clock?.wallTimeMs(ptsUs);
    const frame = {
      ptsUs,
      index: this.#count,
      arrivalMs,
      width: format.width,
      height: format.height,
      content: contentRect(info, format),
      data,
    };
    this.#count += 1;
    return {
      ...frame,
      ...(clock && wallTimeMs !== undefined && { wallTimeMs, clock: clock.clock }),
      ...(jump && { gapBefore: jump }),
    };
  }

  async #finish(): Promise<SourceEnd> {
    const exit = await this.#process.closed;
    this.#options.release?.();
    this.#queue.end();
    if (this.#closing) return { reason: 'stopped', final: true };
    const { live, label, secrets = [], endIsFinal = false } = this.#options;
    const stderr = this.#process.stderr;
    return classifyExit({ exit, stderr, live: live && !endIsFinal, frames: this.#count, label, secrets });
  }
}

/** Where `pad` puts the picture. */
function contentRect(info: FrameInfo, format: FrameFormat): ContentRect {
  const { width, height } = info;
  return {
    x: Math.floor((format.width - width) / 2),
    y: Math.floor((format.height - height) / 2),
    width,
    height,
  };
}
