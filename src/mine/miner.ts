import { createHash } from 'node:crypto';
import type { Detection } from '../core/detection.js';
import type { Box } from '../core/geometry.js';
import { type Candidate, FRAMES_FOLDER } from './candidate.js';
import type { Look } from './look.js';
import { type LookHash, lookHash } from './look-hash.js';
import { RUNS_EMPTY, type RunState, runStep } from './runs.js';
import { type SelectionLimits, selectStep } from './select.js';
import { removeFrame, type Size, writeFrame } from './store.js';

interface Kept extends Candidate {
  readonly run: number;
  readonly look: LookHash;
}

/** Of a place, in the detector's picture: in less nobody can see anything. */
const SIDE_MIN_PX = 4;

/**
 * Chooses among what sources give, and keeps the pictures of the chosen in FOLDER/frames: at no time more than the
 * limit of them, and in memory none but the one at hand.
 */
export class Miner {
  readonly #folder: string;
  readonly #limits: SelectionLimits;
  #runs: RunState = RUNS_EMPTY;
  #kept: readonly Kept[] = [];
  /** Pictures looked at, and detections in them. */
  looked = 0;
  detections = 0;
  /** Changes whenever the choice does. */
  version = 0;

  constructor(folder: string, limits: SelectionLimits) {
    this.#folder = folder;
    this.#limits = limits;
  }

  get kept(): number {
    return this.#kept.length;
  }

  /** Best first. */
  get candidates(): Candidate[] {
    return this.#kept
      .map(({ run: _run, look: _look, ...candidate }) => candidate)
      .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
  }

  /** Looks are given in order. Errors: disk-full, image-unreadable for an original that is gone. */
  async add(look: Look): Promise<void> {
    this.looked++;
    this.detections += look.detections.length;
    const { state, best } = runStep(this.#runs, look);
    this.#runs = state;
    let size: Size | undefined;
    for (const { run, detection } of best) {
      const region = regionOf(look, detection.box);
      if (Math.min(region[2], region[3]) < SIDE_MIN_PX) continue;
      const entry = { ...detection, run, look: lookHash(look.image, region) };
      // Asked before the picture is written: most are turned down.
      if (!selectStep<typeof entry | Kept>(this.#kept, entry, this.#limits).added) continue;
      const file = frameFile(look);
      size ??= await writeFrame(this.#folder, file, look);
      const candidate = describe(look, detection, file, size);
      const step = selectStep(this.#kept, { ...candidate, run, look: entry.look }, this.#limits);
      this.#kept = step.kept;
      this.version++;
      for (const { file: old } of step.removed) {
        if (!this.#kept.some((k) => k.file === old)) await removeFrame(this.#folder, old);
      }
    }
  }
}

/** Pixels of the detector's picture. */
function regionOf({ image: { content } }: Look, [x, y, w, h]: Box): Box {
  return [
    content.x + x * content.width,
    content.y + y * content.height,
    w * content.width,
    h * content.height,
  ];
}

function frameFile({ source, time, ptsMs }: Look): string {
  return `${FRAMES_FOLDER}/${shortHash(source, time, ptsMs)}.jpg`;
}

function describe(look: Look, detection: Detection, file: string, { width, height }: Size): Candidate {
  const { source, ptsMs, time } = look;
  const { label, score, llr, confident } = detection;
  const [x, y, w, h] = detection.box;
  const box = [x * width, y * height, w * width, h * height].map((v) => round(v, 1)) as unknown as Box;
  return {
    id: shortHash(source, time, ptsMs, label, ...box),
    ...{ file, width, height, source, ptsMs, time, label, confident, box },
    score: round(score, 6),
    llr: round(llr, 4),
  };
}

const round = (value: number, digits: number) => Number(value.toFixed(digits));

function shortHash(...parts: readonly (string | number | null)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 12);
}
