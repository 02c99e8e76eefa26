import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Entry, KeptIndex } from '../../src/evidence/kept-index.js';

const entry = (appearanceId: string, keptMs: number, more: Partial<Entry> = {}): Entry => ({
  ...{ appearanceId, keptMs, name: `${appearanceId}-${keptMs}`, day: '2026-03-01' },
  ...{ frameId: `frame-${appearanceId}`, bytes: 100, ...more },
});
const order = (index: KeptIndex) => [...index].map(({ name }) => name);

describe('KeptIndex', () => {
  it('is in the order of time, whatever is found later', () => {
    const index = new KeptIndex();
    index.add(entry('c', 30));
    assert.deepEqual(index.merge([entry('d', 40), entry('a', 10)]), []);
    assert.deepEqual(order(index), ['a-10', 'c-30', 'd-40']);
    assert.equal(index.bytes, 300);
  });

  it('names what is replaced, and never what stays', () => {
    const index = new KeptIndex();
    const [old, now] = [entry('a', 10), entry('a', 20)];
    assert.equal(index.add(old), undefined);
    assert.equal(index.add(now), old);
    // A look at the folder finds what is being written, before or after it is known.
    assert.deepEqual(index.merge([entry('a', 20)]), []);
    assert.equal(index.add(entry('a', 20)), undefined);
    assert.deepEqual(index.merge([old]), [old]);
    assert.deepEqual([order(index), index.bytes], [['a-20'], 100]);
  });

  it('finds by frame what another appearance has too', () => {
    const index = new KeptIndex();
    const [a, b] = [entry('a', 10, { frameId: 'f' }), entry('b', 20, { frameId: 'f' })];
    index.merge([a, b]);
    assert.equal(index.forget(a), true);
    assert.equal(index.forget(a), false);
    assert.equal(index.withFrame('f'), b);
    assert.equal(index.bytes, 100);
  });
});
