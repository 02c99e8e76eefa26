import type { Appearance } from '../core/appearance.js';

/** What exposure needs of an appearance. */
export type ExposureFacts = Pick<
  Appearance,
  | 'id'
  | 'revision'
  | 'streamId'
  | 'session'
  | 'label'
  | 'startPtsMs'
  | 'endPtsMs'
  | 'startTime'
  | 'exposureMs'
  | 'coverage'
  | 'areaMean'
  | 'meanBox'
  | 'meanScore'
>;

/** Keeps the last revision of each id, whatever the order in which events come, and no more of it than exposure needs. */
export class LastRevisions {
  readonly #last = new Map<string, ExposureFacts>();
  readonly #texts = new Map<string, string>();

  add(event: ExposureFacts): void {
    const known = this.#last.get(event.id);
    if (known !== undefined && event.revision <= known.revision) return;
    this.#last.set(event.id, this.#factsOf(event));
  }

  get size(): number {
    return this.#last.size;
  }

  get appearances(): readonly ExposureFacts[] {
    return [...this.#last.values()];
  }

  /** Names stand once in memory, however many appearances have them. */
  #factsOf(event: ExposureFacts): ExposureFacts {
    return {
      id: event.id,
      revision: event.revision,
      streamId: this.#once(event.streamId),
      session: this.#once(event.session),
      label: this.#once(event.label),
      startPtsMs: event.startPtsMs,
      endPtsMs: event.endPtsMs,
      startTime: event.startTime,
      exposureMs: event.exposureMs,
      coverage: event.coverage,
      areaMean: event.areaMean,
      meanBox: event.meanBox,
      meanScore: event.meanScore,
    };
  }

  #once(text: string): string {
    const known = this.#texts.get(text);
    if (known === undefined) this.#texts.set(text, text);
    return known ?? text;
  }
}

/** A part of a session, milliseconds of its media time. */
export interface MediaWindow {
  readonly startMs: number;
  readonly endMs: number;
}

/**
 * The part of an appearance that lies in a window: as large a share of it was seen as of the whole. Undefined where
 * nothing of it lies there.
 */
export function clipToMedia(appearance: ExposureFacts, window: MediaWindow): ExposureFacts | undefined {
  const { startPtsMs, endPtsMs, exposureMs } = appearance;
  const start = Math.max(startPtsMs, window.startMs);
  const end = Math.min(endPtsMs, window.endMs);
  if (start === startPtsMs && end === endPtsMs) return appearance;
  if (start >= end) return undefined;
  return {
    ...appearance,
    startPtsMs: start,
    endPtsMs: end,
    startTime: new Date(Date.parse(appearance.startTime) + start - startPtsMs).toISOString(),
    exposureMs: (exposureMs * (end - start)) / (endPtsMs - startPtsMs),
  };
}
