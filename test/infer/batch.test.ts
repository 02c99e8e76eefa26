import assert from 'node:assert/strict';
import { test } from 'node:test';
import { map } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { batchWithin } from '../../src/infer/batch.js';
import { mergeMapInOrder } from '../../src/infer/in-order.js';

const scheduler = () => new TestScheduler((actual, expected) => assert.deepEqual(actual, expected));

/** Each character is one item, each emission a group; lower case is one picture size, upper case another, 1 a fact. */
const groups = (text: string): readonly string[] => [...text];
const sizeOf = (item: string) => (/\d/.test(item) ? undefined : item === item.toLowerCase() ? 'low' : 'up');
const joined = map((batch: readonly string[]) => batch.join(''));

function batches(
  source: string,
  values: Record<string, string>,
  waitMsMax: number,
  expected: string,
  out: Record<string, string>,
) {
  scheduler().run(({ cold, expectObservable }) => {
    const input = cold(source, values).pipe(map(groups));
    const result = input.pipe(batchWithin({ sizeMax: 3, waitMsMax, groupOf: sizeOf }), joined);
    expectObservable(result).toBe(expected, out);
  });
}

test('a full batch goes at once', () => {
  batches('a-b-c-----|', { a: 'x', b: 'y', c: 'z' }, 10, '----m-----|', { m: 'xyz' });
});

test('the first item waits no longer than the limit', () => {
  batches('a--b----------c---|', { a: 'x', b: 'y', c: 'z' }, 5, '-----m------------(n|)', {
    m: 'xy',
    n: 'z',
  });
});

test('the wait of a new batch starts with its own first item', () => {
  // The batch full at frame 2 must not leave its timer behind for the item of frame 4.
  batches('a-b-c-------|', { a: 'x', b: 'yz', c: 'w' }, 5, '--m------n--|', { m: 'xyz', n: 'w' });
});

test('another picture size begins another batch, facts go with any, order is kept', () => {
  // The marble `(mn)` takes four frames of text, so the rest of the wait is one frame.
  batches('a--------|', { a: 'ab1CD2e' }, 5, '(mn)-o---|', { m: 'ab1', n: 'CD2', o: 'e' });
});

test('without waiting each group goes on at once, split at the limit', () => {
  batches('a-----b--|', { a: 'pqrs', b: 't' }, 0, '(mn)--o--|', { m: 'pqr', n: 's', o: 't' });
});

test('an error passes at once', () => {
  batches('a-#', { a: 'x' }, 5, '--#', {});
});

test('results come in the order of their inputs, with a bound on what is under way', () => {
  scheduler().run(({ cold, expectObservable, time }) => {
    let underWay = 0;
    const durations: Record<string, number> = {
      a: time('-----|'),
      b: time('-|'),
      c: time('--|'),
      d: time('-|'),
    };
    const result = cold('(abcd|)').pipe(
      mergeMapInOrder((value) => {
        underWay++;
        assert.ok(underWay <= 2);
        return cold(`${'-'.repeat(durations[value]!)}(x|)`).pipe(
          map(() => {
            underWay--;
            return value;
          }),
        );
      }, 2),
    );
    // b, c and d are done at frames 1, 3 and 4 and wait for a.
    expectObservable(result).toBe('-----(abcd|)');
  });
});
