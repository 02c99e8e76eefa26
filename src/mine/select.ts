import { type Box, iou } from '../core/geometry.js';
import { type LookHash, lookDistance } from './look-hash.js';

/** What the choice depends on. */
export interface Entry {
  readonly label: string;
  readonly score: number;
  /** Entries of one run are the same thing in the same shot. */
  readonly run: number;
  readonly look: LookHash;
  readonly source: string;
  /** Relative to the picture. */
  readonly place: Box;
}

export interface SelectionLimits {
  /** Entries kept. */
  readonly limit: number;
  /** Entries of each brand that no better one of another brand may push out. */
  readonly perBrand: number;
}

/** Half of the places are shared out evenly among the brands, the other half goes to whatever scores highest. */
export function selectionLimits(limit: number, brands: number): SelectionLimits {
  return { limit, perBrand: Math.floor(limit / 2 / Math.max(1, brands)) };
}

/** Bits of 64 in which two crops may differ and still be the same look. Of unlike crops 1 pair in 4,000 differs in no more. */
const SAME_LOOK_BITS = 14;
/** The same for what one source shows again in the same place: boxes tremble, and small crops are mostly noise. */
const SAME_PLACE_BITS = 22;
const SAME_PLACE_IOU = 0.5;

export interface SelectStep<T extends Entry> {
  readonly kept: readonly T[];
  /** False when the newcomer is a repeat of a better one, or is not good enough. */
  readonly added: boolean;
  readonly removed: readonly T[];
}

/**
 * Offers an entry. Of each run, and of each look of a brand, only the best is kept; beyond the limit the lowest
 * score goes, among the brands that have more than their own places.
 */
export function selectStep<T extends Entry>(
  kept: readonly T[],
  entry: T,
  limits: SelectionLimits,
): SelectStep<T> {
  const repeats = kept.filter((k) => isRepeat(k, entry));
  if (repeats.some((k) => k.score >= entry.score)) return { kept, added: false, removed: [] };
  const gone = new Set<T>(repeats);
  const next = [...kept.filter((k) => !gone.has(k)), entry];
  const worst = next.length > limits.limit ? expendable(next, limits.perBrand) : undefined;
  if (worst === entry) return { kept, added: false, removed: [] };
  if (worst === undefined) return { kept: next, added: true, removed: repeats };
  return { kept: next.filter((k) => k !== worst), added: true, removed: [...repeats, worst] };
}

function isRepeat(a: Entry, b: Entry): boolean {
  if (a.label !== b.label) return false;
  if (a.run === b.run) return true;
  const samePlace = a.source === b.source && iou(a.place, b.place) >= SAME_PLACE_IOU;
  return lookDistance(a.look, b.look) <= (samePlace ? SAME_PLACE_BITS : SAME_LOOK_BITS);
}

function expendable<T extends Entry>(entries: readonly T[], perBrand: number): T {
  const counts = new Map<string, number>();
  for (const { label } of entries) counts.set(label, (counts.get(label) ?? 0) + 1);
  const over = entries.filter(({ label }) => counts.get(label)! > perBrand);
  return (over.length > 0 ? over : entries).reduce((a, b) => (b.score < a.score ? b : a));
}
