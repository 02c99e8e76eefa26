import { createHash } from 'node:crypto';
import type { Detection } from '../core/detection.js';
import { type Box, overlapShare } from '../core/geometry.js';
import { type Candidate, FRAMES_FOLDER } from './candidate.js';
import type { Look } from './look.js';
import { lookHash } from './look-hash.js';
import { RUNS_EMPTY, type RunState, runStep } from './runs.js';
import { type Entry, type SelectionLimits, selectStep } from './select.js';
import { removeFrame, type Size, writeFrame } from './store.js';

type Kept = Candidate & Entry;

/** Of a place, in the detector's picture: in less nobody can see anything. */
const SIDE_MIN_PX = 4;
/** Of the smaller box, covered by the other. */
const SAME_THING_SHARE = 0.5;

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
      .map(({ run: _run, look: _look, place: _place, ...candidate }) => candidate)
      .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
  }

  /** Looks are given in order. Errors: disk-full, usage; what sharp says of an original that is gone meanwhile. */
  async add(look: Look): Promise<void> {
    this.looked++;
    this.detections += look.detections.length;
    const { state, best } = runStep(this.#runs, { cut: look.cut, detections: distinct(look.detections) });
    this.#runs = state;
    let size: Size | undefined;
    for (const { run, detection } of best) {
      const region = regionOf(look, detection.box);
      if (Math.min(region[2], region[3]) < SIDE_MIN_PX) continue;
      const { label, score, box: place } = detection;
      const entry: Entry = {
        label,
        score,
        run,
        look: lookHash(look.image, region),
        source: look.source,
        place,
      };
      // Asked before the picture is written: most are turned down.
      if (!selectStep(this.#kept, entry, this.#limits).added) continue;
      const file = frameFile(look);
      size ??= await writeFrame(this.#folder, file, look);
      const candidate = describe(look, detection, file, size);
      const step = selectStep(this.#kept, { ...candidate, run, place, look: entry.look }, this.#limits);
      this.#kept = step.kept;
      this.version++;
      for (const { file: old } of step.removed) {
        if (!this.#kept.some((k) => k.file === old)) await removeFrame(this.#folder, old);
      }
    }
  }
}

/** Without those that lie mostly on, or in, a better one of their brand: nobody wants to judge one thing twice. */
function distinct(detections: readonly Detection[]): Detection[] {
  const kept: Detection[] = [];
  for (const d of [...detections].sort((a, b) => b.score - a.score)) {
    if (kept.every((k) => k.label !== d.label || overlapShare(k.box, d.box) < SAME_THING_SHARE)) kept.push(d);
  }
  return kept;
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
