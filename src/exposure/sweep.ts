import type { Look } from './look.js';
import type { Segment } from './timeline.js';

/** An appearance while it is on screen. It is used again for another one then: a million of them would be much to clear away. */
export class Mark implements Segment, Look {
  label = '';
  /** The same for every mark of a label on a stream: 0, 1, 2, ... */
  brand = 0;
  /** Which of the brand's appearances on this stream it is part of; those that overlap are one. */
  appearance = 0;
  startMs = Number.NaN;
  endMs = Number.NaN;
  share = Number.NaN;
  coverage = Number.NaN;
  area = Number.NaN;
  band = 0;
  cell = 0;
  centrality = Number.NaN;
  clarity = Number.NaN;
}

export interface SweepVisitor {
  /** The same marks, one a brand, are there all through a piece of time. They are not to be kept. */
  piece(startMs: number, endMs: number, present: readonly Mark[]): void;
  /** An appearance of no length, apart from others of its brand. */
  instant(mark: Mark): void;
}

/** What is known of a brand on a stream so far. */
interface Brand {
  appearances: number;
  reachedMs: number;
  /** Its marks that are on screen. */
  marks: number;
}

/**
 * Goes once through the appearances of one stream, in the order of their start, and keeps no more than those that are on
 * screen. Where several of a brand overlap, the one that was seen most stands for all.
 */
export class Sweep {
  readonly #visitor: SweepVisitor;
  readonly #brands: Brand[] = [];
  readonly #present: Mark[] = [];
  readonly #free: Mark[] = [];
  /** Marks beside another one of their brand. */
  #doubled = 0;
  #atMs = Number.NEGATIVE_INFINITY;

  constructor(visitor: SweepVisitor) {
    this.#visitor = visitor;
  }

  /** A mark to fill in, all but `appearance`, and to add. */
  blank(): Mark {
    return this.#free.pop() ?? new Mark();
  }

  add(mark: Mark): void {
    const { startMs, endMs } = mark;
    this.advance(startMs);
    this.#brands[mark.brand] ??= { appearances: 0, reachedMs: Number.NEGATIVE_INFINITY, marks: 0 };
    const brand = this.#brands[mark.brand]!;
    const isNew = startMs >= brand.reachedMs;
    if (isNew) brand.appearances++;
    mark.appearance = brand.appearances;
    brand.reachedMs = Math.max(brand.reachedMs, endMs);
    if (endMs > startMs) {
      this.#present.push(mark);
      if (++brand.marks > 1) this.#doubled++;
    } else {
      if (isNew) this.#visitor.instant(mark);
      this.#free.push(mark);
    }
  }

  /** Nothing that starts before will be added. */
  advance(toMs: number): void {
    const present = this.#present;
    while (present.length > 0 && this.#atMs < toMs) {
      let endMs = toMs;
      for (const mark of present) if (mark.endMs < endMs) endMs = mark.endMs;
      this.#visitor.piece(this.#atMs, endMs, this.#doubled === 0 ? present : oneEach(present));
      this.#atMs = endMs;
      this.#leave(endMs);
    }
    this.#atMs = toMs;
  }

  /** Takes those off the screen that have ended. */
  #leave(ms: number): void {
    const present = this.#present;
    let stay = 0;
    for (const mark of present) {
      if (mark.endMs > ms) {
        present[stay++] = mark;
        continue;
      }
      if (--this.#brands[mark.brand]!.marks > 0) this.#doubled--;
      this.#free.push(mark);
    }
    present.length = stay;
  }
}

/** Of each brand the strongest. */
function oneEach(present: readonly Mark[]): readonly Mark[] {
  const strongest = new Map<number, Mark>();
  for (const mark of present) {
    const known = strongest.get(mark.brand);
    strongest.set(mark.brand, known === undefined ? mark : stronger(known, mark));
  }
  return [...strongest.values()];
}

/** The one that was seen more; of two alike the larger, clearer, then any, but the same in whatever order they come. */
function stronger(a: Mark, b: Mark): Mark {
  const [first, second] = [rankOf(a), rankOf(b)];
  const at = first.findIndex((value, i) => value !== second[i]);
  const winner = at < 0 || first[at]! > second[at]! ? a : b;
  return { ...winner, coverage: Math.max(a.coverage, b.coverage) };
}

const rankOf = ({ share, area, clarity, centrality, cell }: Mark): number[] => [
  share,
  area,
  clarity,
  centrality,
  cell,
];
