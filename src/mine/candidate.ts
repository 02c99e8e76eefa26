import type { Box } from '../core/geometry.js';

/** A place in a picture that scored as a brand, kept for a person to judge. A line of candidates.jsonl each. */
export interface Candidate {
  /** Names source, time, label and place: the same place found again has the same id. */
  readonly id: string;
  /** The kept picture, relative to the output folder, with `/`. */
  readonly file: string;
  /** Pixels of that picture. */
  readonly width: number;
  readonly height: number;
  /** Redacted. */
  readonly source: string;
  /** Media time since the session's first frame, milliseconds; null for pictures. */
  readonly ptsMs: number | null;
  /** ISO 8601, UTC, from the session's clock; null for pictures. */
  readonly time: string | null;
  readonly label: string;
  /** Calibrated probability, 0..1. */
  readonly score: number;
  /** Calibrated log-likelihood ratio, natural log. */
  readonly llr: number;
  /** The score reaches the brand's threshold: `detect` would have reported it. */
  readonly confident: boolean;
  /** Pixels of that picture. */
  readonly box: Box;
}

export const VERDICTS = ['not-the-logo', 'logo', 'unsure'] as const;
export type Verdict = (typeof VERDICTS)[number];

export const CANDIDATES_FILE = 'candidates.jsonl';
export const FRAMES_FOLDER = 'frames';
export const PAGE_FILE = 'index.html';
