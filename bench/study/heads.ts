import { Rng } from '../../src/train/rng.js';
import type { Bank, Rows } from './bank.js';
import { hashOf, type WorkCache } from './cache.js';
import { CROPS } from './crops.js';
import { DenseHead, type Matrix, softmax } from './dense.js';
import { mahalanobis, nearestNeighbour } from './distances.js';
import type { Verdict, Verdicts } from './measures.js';
import type { Head, Recipe, Score } from './recipes.js';
import { GROUPS, record, SETS, type TestSet } from './tests.js';

/** Grows when training changes, so that answers of an older program are not taken. */
const VERSION = 1;

export interface Judged {
  readonly verdicts: Readonly<Record<TestSet, Verdicts>>;
  /** Top brand's probability on logo-free pictures; a softmax's only. */
  readonly freeProbabilities: Readonly<Record<TestSet, readonly number[]>> | undefined;
}

/** Trains the recipe's head (or takes it from the cache) and judges all test pictures by it. */
export async function judge(
  recipe: Recipe,
  bank: Bank,
  brands: number,
  seed: number,
  cache: WorkCache,
  onEpoch: (done: number) => void,
): Promise<Judged> {
  if (recipe.score === 'neighbour' || recipe.score === 'mahalanobis')
    return byDistance(recipe.score, bank, brands);
  const { head, score } = recipe;
  const { rows, labels } = trainingRows(head, bank, brands, seed);
  const outputs = head.loss === 'softmax' && rows.length > bank.logos.length * CROPS ? brands + 1 : brands;
  const order = SETS.flatMap((set) => GROUPS.map((group) => bank.tests[set][group]));
  const count = order.reduce((sum, x) => sum + x.data.length / x.columns, 0);
  const key = hashOf(String(VERSION), bank.key, JSON.stringify(head), String(seed));
  const logits = await cache.floats(key, count * outputs, async () => {
    const options = { outputs, hidden: head.hidden, loss: head.loss, epochs: head.epochs, seed, onEpoch };
    // A sigmoid has no output for "none": all labels are zero then.
    const targets = labels.map((l) => (l < outputs ? l : -1));
    const trained = await DenseHead.train(bank.x, rows, targets, options);
    return allLogits(trained, order, outputs, count);
  });
  let at = 0;
  const parts = record(SETS, (set) =>
    record(GROUPS, (group) => {
      const n = bank.tests[set][group].data.length / bank.x.columns;
      const all = logits.subarray(at * outputs, (at + n) * outputs);
      at += n;
      return Array.from({ length: n }, (_, i) => all.subarray(i * outputs, (i + 1) * outputs));
    }),
  );
  const verdicts = record(SETS, (set) =>
    record(GROUPS, (group) => parts[set][group].map((z) => verdictOf(z, brands, score))),
  );
  const probability = (z: Float32Array): number => Math.max(...softmax(z).subarray(0, brands));
  const freeProbabilities =
    head.loss === 'softmax' ? record(SETS, (set) => parts[set].free.map(probability)) : undefined;
  return { verdicts, freeProbabilities };
}

function allLogits(head: DenseHead, order: readonly Matrix[], outputs: number, count: number): Float32Array {
  const out = new Float32Array(count * outputs);
  let at = 0;
  for (const x of order) {
    for (let row = 0; row < x.data.length / x.columns; row++, at++)
      out.set(head.logits(x, row), at * outputs);
  }
  return out;
}

function byDistance(score: 'neighbour' | 'mahalanobis', bank: Bank, brands: number): Judged {
  const rows = bank.logos.flatMap(crops);
  const labels = bank.brand.flatMap((b) => Array<number>(CROPS).fill(b));
  const judgeOne =
    score === 'neighbour'
      ? nearestNeighbour(bank.x, rows, labels)
      : mahalanobis(bank.x, rows, labels, brands);
  const judgeAll = (x: Matrix): Verdict[] =>
    Array.from({ length: x.data.length / x.columns }, (_, row) => judgeOne(x, row));
  const verdicts = record(SETS, (set) => record(GROUPS, (group) => judgeAll(bank.tests[set][group])));
  return { verdicts, freeProbabilities: undefined };
}

const crops = (first: number): number[] => Array.from({ length: CROPS }, (_, i) => first + i);

/**
 * The rows that a head is trained on and their labels; negatives are labelled `brands`. Which of the negatives is a
 * matter of the seed, and a smaller choice is the beginning of a larger one.
 */
export function trainingRows(
  head: Pick<Head, 'scenes' | 'other' | 'generated'>,
  bank: Pick<Bank, 'logos' | 'brand' | 'scenes' | 'unknown' | 'generated'>,
  brands: number,
  seed: number,
): { rows: number[]; labels: number[] } {
  const some = (all: Rows, count: number | 'all', stream: number): number[] =>
    new Rng(seed, stream).shuffle([...all]).slice(0, count === 'all' ? all.length : count);
  const negatives = [
    ...some(bank.scenes, head.scenes, 1),
    ...some(bank.unknown, head.other, 2),
    ...head.generated.flatMap((kind) => bank.generated[kind]),
  ];
  const labels = [...bank.brand, ...negatives.map(() => brands)];
  return {
    rows: [...bank.logos, ...negatives].flatMap(crops),
    labels: labels.flatMap((label) => Array<number>(CROPS).fill(label)),
  };
}

function logSumExp(values: readonly number[]): number {
  const top = Math.max(...values);
  return top + Math.log(values.reduce((sum, v) => sum + Math.exp(v - top), 0));
}

/** @param logits brands first, then the unknown class if there is one */
export function verdictOf(logits: ArrayLike<number>, brands: number, score: Score): Verdict {
  const all = Array.from(logits);
  const known = all.slice(0, brands);
  const top = Math.max(...known);
  const brand = known.indexOf(top);
  if (score === 'energy') return { score: logSumExp(known), brand };
  if (score === 'logit') return { score: top, brand };
  // The log odds of the top probability: the same order, but two pictures at "1.00" still differ.
  return { score: top - logSumExp(all.filter((_, i) => i !== brand)), brand };
}
