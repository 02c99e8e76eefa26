import { createHash } from 'node:crypto';
import type { Detection } from '../core/detection.js';
import type { Box } from '../core/geometry.js';
import type { Candidate, Verdict as MineVerdict } from '../mine/candidate.js';
import type { Judgement } from '../store/store.js';

/** A picture that was judged or drawn on, as review.json keeps it: without its bytes, which are a file beside it. */
export interface ReviewedFrame {
  readonly id: string;
  readonly file: string;
  readonly width: number;
  readonly height: number;
  readonly streamId: string;
  readonly session: string;
  readonly ptsMs: number;
  readonly time: string;
  readonly detections: readonly Detection[];
}

/** What was said of an appearance, with what is needed to find it in other frames. */
export interface Judged {
  readonly appearanceId: string;
  readonly verdict: Judgement;
  readonly streamId: string;
  readonly session: string;
  readonly label: string;
  readonly startPtsMs: number;
  readonly endPtsMs: number;
  /** Undefined where no frame was kept: then nothing can be learned of it. */
  readonly frame?: string | undefined;
}

/** A logo that was not found, drawn by a person. */
export interface Missed {
  readonly id: string;
  readonly frame: string;
  readonly label: string;
  /** Relative to the picture. */
  readonly box: Box;
}

export interface Reviewed {
  readonly frames: readonly ReviewedFrame[];
  readonly judged: readonly Judged[];
  readonly missed: readonly Missed[];
}

const OF: Readonly<Record<Judgement, MineVerdict>> = {
  right: 'logo',
  wrong: 'not-the-logo',
  unsure: 'unsure',
};

/**
 * What was reviewed in the form that `mine apply` reads. Each frame is a picture; its places are what was found in it, with the
 * verdict on the appearance that each belongs to, and what was drawn. A place whose appearance nobody has judged stays without a
 * verdict, and `apply` leaves its picture out: it must not be taught as one without logos.
 */
export function materialOf({ frames, judged, missed }: Reviewed): {
  readonly candidates: readonly Candidate[];
  readonly verdicts: Readonly<Record<string, MineVerdict>>;
} {
  const candidates: Candidate[] = [];
  const verdicts: Record<string, MineVerdict> = {};
  for (const frame of frames) {
    for (const d of frame.detections) {
      const candidate = candidateOf(frame, d);
      candidates.push(candidate);
      const verdict = judged.find((j) => spans(j, frame, d.label))?.verdict;
      if (verdict !== undefined) verdicts[candidate.id] = OF[verdict];
    }
    for (const { label, box } of missed.filter((m) => m.frame === frame.id)) {
      const candidate = candidateOf(frame, { label, box, score: 0, llr: 0, confident: false });
      candidates.push(candidate);
      verdicts[candidate.id] = 'logo';
    }
  }
  return { candidates, verdicts };
}

function spans(j: Judged, frame: ReviewedFrame, label: string): boolean {
  return (
    j.label === label &&
    j.streamId === frame.streamId &&
    j.session === frame.session &&
    (j.frame === frame.id || (j.startPtsMs <= frame.ptsMs && frame.ptsMs <= j.endPtsMs))
  );
}

function candidateOf(frame: ReviewedFrame, { label, box, score, llr, confident }: Detection): Candidate {
  const { id, file, width, height, streamId, ptsMs, time } = frame;
  const [x, y, w, h] = box;
  const pixels = [x * width, y * height, w * width, h * height].map((v) => Number(v.toFixed(1)));
  return {
    id: shortHash(id, label, ...pixels),
    ...{ file, width, height, source: streamId, ptsMs, time, label, score, llr, confident },
    box: pixels as unknown as Box,
  };
}

export function shortHash(...parts: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);
}
