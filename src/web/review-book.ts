import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { errnoCode, LogowatchError } from '../core/errors.js';
import type { Box } from '../core/geometry.js';
import type { KeptFrame } from '../evidence/picture.js';
import { CANDIDATES_FILE, FRAMES_FOLDER } from '../mine/candidate.js';
import { replaceFile } from '../mine/store.js';
import { type Judgement, type StoredAppearance, VERDICTS } from '../store/store.js';
import { Problem } from '../streams/control.js';
import { type Judged, type Missed, materialOf, type ReviewedFrame, shortHash } from './review-material.js';

const box = z.tuple([z.number(), z.number(), z.number(), z.number()]);
const stateSchema = z.object({
  format: z.literal(1),
  frames: z.array(
    z.object({
      id: z.string().regex(/^[0-9a-f]{12}$/),
      file: z.string().regex(/^frames\/[0-9a-f]{12}\.jpg$/),
      width: z.number(),
      height: z.number(),
      streamId: z.string(),
      session: z.string(),
      ptsMs: z.number(),
      time: z.string(),
      detections: z.array(
        z.object({ label: z.string(), score: z.number(), llr: z.number(), confident: z.boolean(), box }),
      ),
    }),
  ),
  judged: z.array(
    z.object({
      appearanceId: z.string(),
      verdict: z.enum(VERDICTS),
      streamId: z.string(),
      session: z.string(),
      label: z.string(),
      startPtsMs: z.number(),
      endPtsMs: z.number(),
      frame: z.string().optional(),
    }),
  ),
  missed: z.array(z.object({ id: z.string(), frame: z.string(), label: z.string(), box })),
});

export const STATE_FILE = 'review.json';
export const VERDICTS_FILE = 'verdicts.json';
/** Pictures in a folder: some 300 MB. */
const FRAMES_MAX = 5_000;

export interface ReviewCounts {
  readonly right: number;
  readonly wrong: number;
  readonly unsure: number;
  readonly missed: number;
  readonly frames: number;
}

/**
 * What people said of appearances and drew on frames, in a folder of the form that `mine` makes: frames/, candidates.jsonl and
 * verdicts.json for `mine apply`. It is the same after every change, whole, and outlives the process. Errors: disk-full, usage.
 */
export class ReviewBook {
  readonly folder: string;
  readonly #frames = new Map<string, ReviewedFrame>();
  readonly #judged = new Map<string, Judged>();
  readonly #missed = new Map<string, Missed>();
  #writing: Promise<void> = Promise.resolve();

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Goes on where the folder stands. Errors: dataset-invalid, usage. */
  static async open(folder: string): Promise<ReviewBook> {
    const book = new ReviewBook(folder);
    const path = join(folder, STATE_FILE);
    const text = await readFile(path, 'utf8').catch((cause: unknown) => {
      if (errnoCode(cause) === 'ENOENT') return undefined;
      throw damaged(path, cause);
    });
    if (text === undefined) return book;
    try {
      const { frames, judged, missed } = stateSchema.parse(JSON.parse(text));
      for (const f of frames) book.#frames.set(f.id, f);
      for (const j of judged) book.#judged.set(j.appearanceId, j);
      for (const m of missed) book.#missed.set(m.id, m);
    } catch (cause) {
      throw damaged(path, cause);
    }
    return book;
  }

  get counts(): ReviewCounts {
    const verdicts = [...this.#judged.values()].map((j) => j.verdict);
    const count = (verdict: Judgement) => verdicts.filter((v) => v === verdict).length;
    const [missed, frames] = [this.#missed.size, this.#frames.size];
    return { right: count('right'), wrong: count('wrong'), unsure: count('unsure'), missed, frames };
  }

  missedIn(frame: string): readonly Missed[] {
    return [...this.#missed.values()].filter((m) => m.frame === frame);
  }

  hasFrame(id: string): boolean {
    return this.#frames.has(id);
  }

  frameFile(id: string): string {
    return join(this.folder, FRAMES_FOLDER, `${id}.jpg`);
  }

  /** @param evidence the best frame of the appearance, where one is there */
  judge(a: StoredAppearance, verdict: Judgement, evidence: KeptFrame | undefined): Promise<void> {
    return this.#change(async () => {
      if (evidence !== undefined) await this.#keep(evidence);
      const { id: appearanceId, streamId, session, label, startPtsMs, endPtsMs } = a;
      const facts = { streamId, session, label, startPtsMs, endPtsMs };
      this.#judged.set(appearanceId, { appearanceId, verdict, ...facts, frame: evidence?.id });
    });
  }

  unjudge(appearanceId: string): Promise<void> {
    return this.#change(async () => {
      this.#judged.delete(appearanceId);
    });
  }

  addMissed(frame: KeptFrame, label: string, place: Box): Promise<Missed> {
    return this.#change(async () => {
      await this.#keep(frame);
      const missed = { id: shortHash(frame.id, label, ...place), frame: frame.id, label, box: place };
      this.#missed.set(missed.id, missed);
      return missed;
    });
  }

  /** False where there is none. */
  removeMissed(id: string): Promise<boolean> {
    return this.#change(async () => this.#missed.delete(id));
  }

  async #keep({ jpeg, ...frame }: KeptFrame): Promise<void> {
    if (this.#frames.has(frame.id)) return;
    if (this.#frames.size >= FRAMES_MAX)
      throw new Problem(
        409,
        'The review folder is full',
        `It holds ${FRAMES_MAX} pictures: train with them, then set web.review to another folder`,
      );
    await mkdir(join(this.folder, FRAMES_FOLDER), { recursive: true });
    await replaceFile(this.frameFile(frame.id), jpeg);
    this.#frames.set(frame.id, { ...frame, file: `${FRAMES_FOLDER}/${frame.id}.jpg` });
  }

  /** One change after the other, each on the disk before the next begins: the last word counts, and no picture goes while it is wanted. */
  #change<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#writing.then(async () => {
      const result = await work();
      await this.#write();
      return result;
    });
    this.#writing = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  async #write(): Promise<void> {
    await this.#dropUnused();
    const [frames, judged, missed] = [this.#frames, this.#judged, this.#missed].map((m) => [
      ...m.values(),
    ]) as [ReviewedFrame[], Judged[], Missed[]];
    const { candidates, verdicts } = materialOf({ frames, judged, missed });
    await mkdir(this.folder, { recursive: true });
    const put = (name: string, text: string) => replaceFile(join(this.folder, name), text);
    await put(STATE_FILE, `${JSON.stringify({ format: 1, frames, judged, missed })}\n`);
    await put(CANDIDATES_FILE, candidates.map((c) => `${JSON.stringify(c)}\n`).join(''));
    await put(VERDICTS_FILE, `${JSON.stringify({ format: 1, verdicts }, null, 1)}\n`);
  }

  /** What was taken back leaves no picture behind. */
  async #dropUnused(): Promise<void> {
    const used = new Set([...this.#judged.values(), ...this.#missed.values()].map(({ frame }) => frame));
    for (const id of this.#frames.keys()) {
      if (used.has(id)) continue;
      this.#frames.delete(id);
      await rm(this.frameFile(id), { force: true });
    }
  }
}

function damaged(path: string, cause: unknown): LogowatchError {
  return new LogowatchError('dataset-invalid', 'What was reviewed cannot be read', {
    value: path,
    remedy: 'Set web.review to another folder, or move this one away',
    cause,
  });
}
