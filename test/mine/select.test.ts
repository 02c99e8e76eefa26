import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Box } from '../../src/core/geometry.js';
import { type Entry, type SelectionLimits, selectionLimits, selectStep } from '../../src/mine/select.js';
import { Rng } from '../../src/train/rng.js';

interface Named extends Entry {
  readonly name: string;
}

let runs = 0;
/** Looks that differ in the bits of a random word: about 32 of 64. */
const entry = (label: string, score: number, options: Partial<Named> = {}): Named => {
  const rng = new Rng(++runs);
  const look = [rng.uint32(), rng.uint32()] as const;
  const place: Box = [0.1, 0.1, 0.2, 0.2];
  return { label, score, run: runs, look, source: `s${runs}`, place, name: `${label}${score}`, ...options };
};

function choose(limits: SelectionLimits, entries: readonly Named[]): Named[] {
  let kept: readonly Named[] = [];
  for (const e of entries) {
    const step = selectStep(kept, e, limits);
    assert.equal(step.kept.length, kept.length + (step.added ? 1 : 0) - step.removed.length);
    assert.equal(step.added, step.kept.includes(e));
    for (const gone of step.removed) assert.ok(kept.includes(gone) && !step.kept.includes(gone));
    assert.ok(step.kept.length <= limits.limit);
    kept = step.kept;
  }
  return [...kept].sort((a, b) => b.score - a.score);
}
const names = (entries: readonly Named[]) => entries.map((e) => e.name);

test('the highest scores stay, whatever the order', () => {
  const entries = [0.3, 0.9, 0.1, 0.8, 0.2, 0.7].map((s) => entry('a', s));
  const limits = { limit: 3, perBrand: 0 };
  assert.deepEqual(names(choose(limits, entries)), ['a0.9', 'a0.8', 'a0.7']);
  assert.deepEqual(names(choose(limits, [...entries].reverse())), ['a0.9', 'a0.8', 'a0.7']);
});

test('a brand keeps its own places against better ones of another', () => {
  const entries = [
    ...[0.1, 0.2, 0.3].map((s) => entry('quiet', s)),
    ...[0.9, 0.8, 0.7, 0.6, 0.5].map((s) => entry('loud', s)),
  ];
  const kept = choose({ limit: 6, perBrand: 2 }, entries);
  assert.deepEqual(names(kept), ['loud0.9', 'loud0.8', 'loud0.7', 'loud0.6', 'quiet0.3', 'quiet0.2']);
});

test('half of the places are shared out among the brands', () => {
  assert.deepEqual(selectionLimits(200, 12), { limit: 200, perBrand: 8 });
  assert.deepEqual(selectionLimits(5, 100), { limit: 5, perBrand: 0 });
});

test('of one run only the best is kept, though it looks different each time', () => {
  const run = 1e6;
  const kept = choose({ limit: 5, perBrand: 0 }, [
    entry('a', 0.3, { run }),
    entry('a', 0.5, { run }),
    entry('a', 0.4, { run }),
  ]);
  assert.deepEqual(names(kept), ['a0.5']);
});

test('a look that comes again at another time is kept once, for each brand', () => {
  const look = [0x12345678, 0x9abcdef0] as const;
  const nearly = [0x12345670, 0x9abcdef1] as const;
  const kept = choose({ limit: 5, perBrand: 0 }, [
    entry('a', 0.5, { look }),
    entry('a', 0.4, { look: nearly }),
    entry('a', 0.7, { look: nearly }),
    entry('b', 0.6, { look }),
  ]);
  assert.deepEqual(names(kept), ['a0.7', 'b0.6']);
});

test('what is worse than all that is kept is turned down without a change', () => {
  const kept = choose({ limit: 2, perBrand: 0 }, [entry('a', 0.5), entry('a', 0.6)]);
  const step = selectStep(kept, entry('a', 0.4), { limit: 2, perBrand: 0 });
  assert.equal(step.added, false);
  assert.equal(step.kept, kept);
});

test('what one source shows again in one place needs less likeness', () => {
  const look = [0, 0] as const;
  const other = [0x000fffff, 0] as const;
  const far: Box = [0.6, 0.6, 0.2, 0.2];
  const pair = (second: Partial<Named>) =>
    names(
      choose({ limit: 5, perBrand: 0 }, [
        entry('a', 0.5, { look, source: 's' }),
        entry('a', 0.6, { look: other, ...second }),
      ]),
    );
  assert.deepEqual(pair({ source: 's' }), ['a0.6']);
  assert.deepEqual(pair({ source: 's', place: far }), ['a0.6', 'a0.5']);
  assert.deepEqual(pair({ source: 'other' }), ['a0.6', 'a0.5']);
});
