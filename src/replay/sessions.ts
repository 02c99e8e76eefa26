import type { DetectionRecord } from '../core/detection.js';
import type { FrameRecord, SessionClosed, StreamPosition } from '../core/frame.js';
import type { MediaWindow } from '../exposure/facts.js';

interface Session {
  readonly id: string;
  /** Seen from its beginning; to its end. */
  readonly whole: { start: boolean; end: boolean };
  firstUs: number | undefined;
  last: StreamPosition;
}

/** What was replayed of each session: its beginning or end may lie outside the range. */
export class ReplayedSessions {
  /** By stream, in order. */
  readonly #sessions = new Map<string, Session[]>();

  get streams(): readonly string[] {
    return [...this.#sessions.keys()];
  }

  observe(record: FrameRecord | DetectionRecord): void {
    const session = this.#sessionOf(record);
    const { streamId, session: id, ptsUs, wallTimeMs, clock } = record;
    session.last = { streamId, session: id, ptsUs, wallTimeMs, clock };
    switch (record.kind) {
      case 'session-opened':
        session.whole.start = true;
        break;
      case 'session-closed':
        session.whole.end = true;
        break;
      case 'gap':
        break;
      default:
        session.firstUs ??= ptsUs;
    }
  }

  /**
   * The media time of a session that was replayed, as far as it is known to both sides. Undefined for a session of which no
   * frame was in the range.
   */
  windowOf(streamId: string, session: string): MediaWindow | undefined {
    const found = this.#sessions.get(streamId)?.find(({ id }) => id === session);
    if (found?.firstUs === undefined) return undefined;
    return {
      startMs: found.whole.start ? 0 : found.firstUs / 1000,
      endMs: found.whole.end ? Number.POSITIVE_INFINITY : found.last.ptsUs / 1000,
    };
  }

  /** For each stream whose session goes on behind the range: that it is over here. */
  closings(): SessionClosed[] {
    return [...this.#sessions.values()]
      .map((sessions) => sessions.at(-1)!)
      .filter(({ whole }) => !whole.end)
      .map(({ last }) => ({ kind: 'session-closed', ...last, reason: 'stopped', final: false }));
  }

  #sessionOf(record: StreamPosition): Session {
    let sessions = this.#sessions.get(record.streamId);
    if (sessions === undefined) {
      sessions = [];
      this.#sessions.set(record.streamId, sessions);
    }
    const current = sessions.at(-1);
    if (current?.id === record.session) return current;
    // A session that follows ends the one before, whether or not anyone was left to say so.
    if (current !== undefined) current.whole.end = true;
    const fresh = {
      id: record.session,
      whole: { start: false, end: false },
      firstUs: undefined,
      last: record,
    };
    sessions.push(fresh);
    return fresh;
  }
}
