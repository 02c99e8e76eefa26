import { type LookHash, lookDistance } from './look-hash.js';

/** What the choice depends on. */
export interface Entry {
  readonly label: string;
  readonly score: number;
  /** Entries of one run are the same thing in the same shot. */
  readonly run: number;
  readonly look: LookHash;
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

/** Bits of 64 in which two crops may differ and still be the same look. */
export const SAME_LOOK_BITS = 10;

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
  const repeats = kept.filter(
    (k) =>
      k.label === entry.label && (k.run === entry.run || lookDistance(k.look, entry.look) <= SAME_LOOK_BITS),
  );
  if (repeats.some((k) => k.score >= entry.score)) return { kept, added: false, removed: [] };
  const gone = new Set<T>(repeats);
  const next = [...kept.filter((k) => !gone.has(k)), entry];
  const worst = next.length > limits.limit ? expendable(next, limits.perBrand) : undefined;
  if (worst === entry) return { kept, added: false, removed: [] };
  if (worst === undefined) return { kept: next, added: true, removed: repeats };
  return { kept: next.filter((k) => k !== worst), added: true, removed: [...repeats, worst] };
}

function expendable<T extends Entry>(entries: readonly T[], perBrand: number): T {
  const counts = new Map<string, number>();
  for (const { label } of entries) counts.set(label, (counts.get(label) ?? 0) + 1);
  const over = entries.filter(({ label }) => counts.get(label)! > perBrand);
  return (over.length > 0 ? over : entries).reduce((a, b) => (b.score < a.score ? b : a));
}
