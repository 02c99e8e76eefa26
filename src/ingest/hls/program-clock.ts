import type { SourceClock } from '../ffmpeg/session.js';
import type { FetchedPlaylist } from './fetch.js';
import { addressKey, type MediaPlaylist, parsePlaylist, segmentTimes } from './playlist.js';

const OPENING = /Opening '([^']+)' for reading/;

/**
 * Wall time of an HLS session: the programme date-time of the segment that ffmpeg opened first, which is where
 * media time 0 is. ffmpeg skips the tag itself; stderr names the segment, the playlist its time.
 */
export class ProgramClock implements SourceClock {
  readonly clock = 'program-date-time';
  readonly #url: string;
  readonly #refetch: (signal: AbortSignal) => Promise<FetchedPlaylist>;
  readonly #abort = new AbortController();
  readonly #playlistKey: string;
  #times: Map<string, number>;
  #startMs: number | undefined;
  #searching = false;
  #done = false;

  constructor(
    playlist: MediaPlaylist,
    url: string,
    refetch: (signal: AbortSignal) => Promise<FetchedPlaylist>,
  ) {
    this.#url = url;
    this.#refetch = refetch;
    this.#playlistKey = addressKey(url);
    this.#times = segmentTimes(playlist, url);
    // Without the tag there is nothing to look for.
    this.#done = this.#times.size === 0 && playlist.segments.length > 0;
  }

  wallTimeMs(ptsUs: number): number | undefined {
    return this.#startMs === undefined ? undefined : Math.round(this.#startMs + ptsUs / 1000);
  }

  onLine(line: string): void {
    if (this.#done || this.#searching) return;
    const opened = OPENING.exec(line)?.[1];
    if (opened === undefined || !/^(?:crypto[+:])?https?:/.test(opened)) return;
    const key = addressKey(opened.replace(/^crypto[+:]/, ''));
    if (key === this.#playlistKey) return;
    if (!this.#found(key)) void this.#search(key);
  }

  close(): void {
    this.#done = true;
    this.#abort.abort();
  }

  #found(key: string): boolean {
    const time = this.#times.get(key);
    if (time === undefined) return false;
    this.#startMs = time;
    this.#done = true;
    return true;
  }

  /** ffmpeg opened a segment that was not there yet when we read the playlist. */
  async #search(key: string): Promise<void> {
    this.#searching = true;
    try {
      const { text } = await this.#refetch(this.#abort.signal);
      const playlist = parsePlaylist(text, this.#url);
      if (!('variants' in playlist)) this.#times = segmentTimes(playlist, this.#url);
      this.#found(key);
    } catch {
      // The arrival clock goes on in its place.
    }
    // A later segment is not where media time 0 is: with an unknown first one there is no such clock.
    this.#done = true;
  }
}
