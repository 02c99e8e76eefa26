import type { Bus } from '../bus/bus.js';
import { topics } from '../bus/topics.js';
import type {
  Frame,
  FrameRecord,
  GapReason,
  SessionClosed,
  SessionOpened,
  StreamGap,
  StreamPosition,
} from '../core/frame.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { TraceHeaders } from '../telemetry/tracer.js';
import type { SourceFrame } from './source.js';
import { ArrivalClock, type WallTime } from './times.js';

export interface PublisherOptions {
  readonly streamId: string;
  readonly session: string;
  /** Redacted. */
  readonly source: string;
  readonly live: boolean;
  readonly bus: Pick<Bus, 'send'>;
  readonly telemetry: Telemetry;
  readonly now: () => number;
  /** Frames later than this are announced, once a session. */
  readonly lateMsMax: number;
}

/** Writes one session to the `frames` topic: opened with its first frame, then frames and gaps, then closed. */
export class SessionPublisher {
  readonly #options: PublisherOptions;
  readonly #arrivals = new ArrivalClock();
  #last: StreamPosition | undefined;
  #frames = 0;
  #late = false;

  constructor(options: PublisherOptions) {
    this.#options = options;
  }

  get session(): string {
    return this.#options.session;
  }

  /** Published so far. */
  get frames(): number {
    return this.#frames;
  }

  async frame(frame: SourceFrame): Promise<void> {
    const { live, streamId, session, source, telemetry } = this.#options;
    if (frame.gapBefore) this.#arrivals.reset(frame.ptsUs);
    this.#arrivals.observe(frame.ptsUs, frame.arrivalMs);
    this.#watchLateness(frame);
    const position: StreamPosition = { streamId, session, ptsUs: frame.ptsUs, ...this.#wallTime(frame) };
    if (!this.#last) {
      telemetry.emit({ type: 'source-opened', streamId, session, source });
      const opened: SessionOpened = { kind: 'session-opened', ...position };
      await this.#send(opened);
    }
    if (frame.gapBefore) {
      const gap: StreamGap = { kind: 'gap', ...position, ...frame.gapBefore };
      await this.#send(gap);
    }
    this.#last = position;
    this.#frames += 1;
    const { index: seq, arrivalMs, width, height, content, data } = frame;
    telemetry.emit({ type: 'frames-sampled', streamId, count: 1 });
    const size = { width, height, content, format: 'rgb24', data } as const;
    await this.#sendFrame({ kind: 'frame', ...position, seq, arrivalMs, live, ...size });
  }

  /** A trace begins with the arrival of its frame. */
  async #sendFrame(frame: Frame): Promise<void> {
    const { streamId, session, seq, ptsUs, arrivalMs, live } = frame;
    const { tracer } = this.#options.telemetry;
    const attributes = {
      'logowatch.stream.id': streamId,
      'logowatch.session': session,
      'logowatch.frame.seq': seq,
      'logowatch.frame.pts_us': ptsUs,
    };
    const sample = tracer?.begin('sample', { startMs: arrivalMs, attributes });
    const publish = tracer?.follow(sample?.headers, 'publish frames', { kind: 'producer' });
    try {
      await this.#send(frame, live, publish?.headers);
    } finally {
      publish?.end();
      sample?.end();
    }
  }

  /** Nothing comes until the next session. */
  async gap(reason: GapReason): Promise<void> {
    const gap: StreamGap = { kind: 'gap', ...this.#position(), reason, missingUs: 0 };
    await this.#send(gap);
  }

  async closed(reason: SessionClosed['reason'], final: boolean): Promise<void> {
    await this.#send({ kind: 'session-closed', ...this.#position(), reason, final });
  }

  /** A slow link shows neither as a stall nor as a drop: TCP delivers all of it, later and later. */
  #watchLateness({ ptsUs, arrivalMs }: SourceFrame): void {
    const { live, lateMsMax, telemetry, streamId } = this.#options;
    const lateMs = arrivalMs - this.#arrivals.wallTime(ptsUs).wallTimeMs;
    if (!live || this.#late || lateMs <= lateMsMax) return;
    this.#late = true;
    const message = `Frames come ${Math.round(lateMs / 1000)} s late: the link or the source is too slow for this stream`;
    telemetry.emit({ type: 'warning', message, streamId });
  }

  /** Where the last frame was. */
  #position(): StreamPosition {
    const { streamId, session, now } = this.#options;
    return this.#last ?? { streamId, session, ptsUs: 0, wallTimeMs: now(), clock: 'arrival' };
  }

  #wallTime({ ptsUs, wallTimeMs, clock }: SourceFrame): WallTime {
    if (wallTimeMs !== undefined && clock !== undefined) return { wallTimeMs, clock };
    return this.#arrivals.wallTime(ptsUs);
  }

  #send(value: FrameRecord, droppable = false, headers?: TraceHeaders): Promise<void> {
    const record = { key: this.#options.streamId, value, droppable, ...(headers && { headers }) };
    return this.#options.bus.send(topics.frames, [record]);
  }
}
