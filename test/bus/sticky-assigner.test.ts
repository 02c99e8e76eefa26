import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type MemberClaim, shareOut } from '../../src/bus/kafka/sticky-assigner.js';

const partitions = Array.from({ length: 12 }, (_, p) => p);
const claims = (shares: ReadonlyMap<string, readonly number[]>, ...without: string[]): MemberClaim[] =>
  [...shares].filter(([m]) => !without.includes(m)).map(([memberId, owned]) => ({ memberId, owned }));
const all = (shares: ReadonlyMap<string, readonly number[]>) =>
  [...shares.values()].flat().sort((a, b) => a - b);
const weight = (share: readonly number[] | undefined, weightOf: (p: number) => number) =>
  (share ?? []).reduce((n, p) => n + weightOf(p), 0);
const even = () => 1;

test('every partition has one owner, and all carry alike', () => {
  for (const members of [1, 2, 3, 5, 12, 20]) {
    const shares = shareOut(
      Array.from({ length: members }, (_, i) => ({ memberId: `m${i}`, owned: [] })),
      partitions,
      even,
    );
    assert.deepEqual(all(shares), partitions);
    const sizes = [...shares.values()].map((s) => s.length);
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1, `${members}: ${sizes}`);
  }
});

test('what a dead member had is shared out, and nothing else moves', () => {
  const before = shareOut(
    ['a', 'b', 'c'].map((memberId) => ({ memberId, owned: [] })),
    partitions,
    even,
  );
  const after = shareOut(claims(before, 'b'), partitions, even);
  assert.deepEqual(all(after), partitions);
  for (const m of ['a', 'c']) for (const p of before.get(m) ?? []) assert.ok(after.get(m)?.includes(p));
});

test('who comes gets a fair share, and only that moves', () => {
  const before = shareOut(
    ['a', 'b'].map((memberId) => ({ memberId, owned: [] })),
    partitions,
    even,
  );
  const after = shareOut([...claims(before), { memberId: 'c', owned: [] }], partitions, even);
  assert.equal(after.get('c')?.length, 4);
  for (const m of ['a', 'b']) for (const p of after.get(m) ?? []) assert.ok(before.get(m)?.includes(p));
});

test('streams count, not partitions: six of them in five partitions leave nobody idle', () => {
  const streams = new Map([
    [0, 2],
    [2, 1],
    [4, 1],
    [6, 1],
    [8, 1],
  ]);
  const weightOf = (p: number) => streams.get(p) ?? 0;
  const shares = shareOut(
    [
      { memberId: 'a', owned: partitions },
      { memberId: 'b', owned: [] },
    ],
    partitions,
    weightOf,
  );
  assert.deepEqual(all(shares), partitions);
  assert.deepEqual([weight(shares.get('a'), weightOf), weight(shares.get('b'), weightOf)].sort(), [3, 3]);
});

test('a partition that two claim, or that is no more, is nobody’s twice', () => {
  const both = ['a', 'b'].map((memberId) => ({ memberId, owned: [...partitions, 99] }));
  assert.deepEqual(all(shareOut(both, partitions, even)), partitions);
});
