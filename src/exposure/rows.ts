import { type FactRows, FIELD, FIELDS, type OfBrand } from '../core/fact-rows.js';
import type { ExposureFacts } from './facts.js';
import type { Window } from './window.js';

/** Appearances as the numbers that are counted. */
export function rowsOf(facts: readonly ExposureFacts[]): FactRows {
  const streams = new Map<string, Map<string, number>>();
  const brands: OfBrand[] = [];
  const indexOf = ({ streamId, label }: ExposureFacts): number => {
    let labels = streams.get(streamId);
    if (labels === undefined) {
      labels = new Map();
      streams.set(streamId, labels);
    }
    let index = labels.get(label);
    if (index === undefined) {
      index = brands.push({ streamId, label }) - 1;
      labels.set(label, index);
    }
    return index;
  };
  const brand = new Uint32Array(facts.length);
  const values = new Float64Array(FIELDS * facts.length);
  for (const [i, fact] of facts.entries()) {
    brand[i] = indexOf(fact);
    const at = i * FIELDS;
    values[at + FIELD.startMs] = Date.parse(fact.startTime);
    values[at + FIELD.lengthMs] = fact.endPtsMs - fact.startPtsMs;
    values[at + FIELD.exposureMs] = fact.exposureMs;
    values[at + FIELD.coverage] = fact.coverage;
    values[at + FIELD.areaMean] = fact.areaMean;
    values[at + FIELD.meanScore] = fact.meanScore;
    values.set(fact.meanBox, at + FIELD.left);
  }
  return { brands, brand, values };
}

/**
 * Of the rows that touch the window: which, in the order of their start, then end. Those that come in that order need no
 * sorting.
 */
export function inOrder({ brand, values }: FactRows, { fromMs, toMs }: Window): readonly number[] {
  const startOf = (row: number): number => values[row * FIELDS + FIELD.startMs]!;
  const endOf = (row: number): number => startOf(row) + Math.max(0, values[row * FIELDS + FIELD.lengthMs]!);
  const order: number[] = [];
  let isSorted = true;
  let [lastStart, lastEnd] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let row = 0; row < brand.length; row++) {
    const [startMs, endMs] = [startOf(row), endOf(row)];
    if (!(startMs < toMs && endMs >= fromMs)) continue;
    isSorted &&= lastStart < startMs || (lastStart === startMs && lastEnd <= endMs);
    [lastStart, lastEnd] = [startMs, endMs];
    order.push(row);
  }
  return isSorted ? order : order.sort((a, b) => startOf(a) - startOf(b) || endOf(a) - endOf(b));
}
