import type { ExposureFacts } from './facts.js';
import type { Look } from './look.js';
import type { Segment } from './timeline.js';
import type { Window } from './window.js';

/** An appearance while it is on screen. */
export interface Mark extends Segment {
  readonly label: string;
  readonly look: Look;
  /** Which of the brand's appearances on this stream it is part of; those that overlap are one. */
  readonly appearance: number;
}

export interface SweepVisitor {
  /** The same marks, one a brand, are there all through a piece of time. */
  piece(startMs: number, endMs: number, present: readonly Mark[]): void;
  /** An appearance of no length, apart from others of its brand. */
  instant(label: string, ms: number): void;
}

/**
 * Goes once through the appearances of one stream, in the order of their start, and keeps no more than those that are on
 * screen. Where several of a brand overlap, the one that was seen most stands for all.
 */
export class Sweep {
  readonly #visitor: SweepVisitor;
  /** By brand: appearances so far, and until when they reach. */
  readonly #brands = new Map<string, { count: number; reachedMs: number }>();
  #present: Mark[] = [];
  #atMs = Number.NEGATIVE_INFINITY;

  constructor(visitor: SweepVisitor) {
    this.#visitor = visitor;
  }

  add(label: string, segment: Segment, look: Look): void {
    const { startMs, endMs } = segment;
    this.advance(startMs);
    let brand = this.#brands.get(label);
    if (brand === undefined) {
      brand = { count: 0, reachedMs: Number.NEGATIVE_INFINITY };
      this.#brands.set(label, brand);
    }
    const isNew = startMs >= brand.reachedMs;
    if (isNew) brand.count++;
    brand.reachedMs = Math.max(brand.reachedMs, endMs);
    const { share, coverage } = segment;
    if (endMs > startMs)
      this.#present.push({ startMs, endMs, share, coverage, label, look, appearance: brand.count });
    else if (isNew) this.#visitor.instant(label, startMs);
  }

  /** Nothing that starts before will be added. */
  advance(toMs: number): void {
    while (this.#present.length > 0 && this.#atMs < toMs) {
      let endMs = toMs;
      for (const mark of this.#present) if (mark.endMs < endMs) endMs = mark.endMs;
      this.#visitor.piece(this.#atMs, endMs, oneEach(this.#present));
      this.#atMs = endMs;
      if (this.#present.some((mark) => mark.endMs <= endMs))
        this.#present = this.#present.filter((mark) => mark.endMs > endMs);
    }
    this.#atMs = toMs;
  }
}

/** Of each brand the strongest. */
function oneEach(present: readonly Mark[]): readonly Mark[] {
  const isTwice = present.some((mark, i) => present.findIndex((m) => m.label === mark.label) !== i);
  if (!isTwice) return present;
  const strongest = new Map<string, Mark>();
  for (const mark of present) {
    const known = strongest.get(mark.label);
    strongest.set(mark.label, known === undefined ? mark : stronger(known, mark));
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

const rankOf = ({ share, look }: Mark): number[] => [
  share,
  look.area,
  look.clarity,
  look.centrality,
  look.cell,
];

/**
 * Calls `visit` for each that touches the window, in the order of their start, then end; those that come in that order
 * need no sorting.
 */
export function inOrder(
  facts: readonly ExposureFacts[],
  { fromMs, toMs }: Window,
  visit: (fact: ExposureFacts, startMs: number) => void,
): void {
  const starts = new Float64Array(facts.length);
  const ends = new Float64Array(facts.length);
  let isSorted = true;
  for (const [i, { startTime, startPtsMs, endPtsMs }] of facts.entries()) {
    const startMs = Date.parse(startTime);
    const endMs = startMs + Math.max(0, endPtsMs - startPtsMs);
    starts[i] = startMs;
    ends[i] = endMs;
    isSorted &&= i === 0 || starts[i - 1]! < startMs || (starts[i - 1] === startMs && ends[i - 1]! <= endMs);
  }
  const isIn = (i: number) => starts[i]! < toMs && ends[i]! >= fromMs;
  if (isSorted) {
    for (const [i, fact] of facts.entries()) if (isIn(i)) visit(fact, starts[i]!);
    return;
  }
  const order = Array.from(facts, (_, i) => i).filter(isIn);
  order.sort((a, b) => starts[a]! - starts[b]! || ends[a]! - ends[b]!);
  for (const i of order) visit(facts[i]!, starts[i]!);
}
