import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Appearance } from '../../src/core/appearance.js';
import { keepFrame } from '../../src/evidence/picture.js';
import { applyVerdicts } from '../../src/mine/apply.js';
import { ReviewBook } from '../../src/web/review-book.js';
import { appearance, lookedAt } from './support.js';

describe('ReviewBook', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'logowatch-review-book-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const stored = (n: number, more: Partial<Appearance> = {}) => ({ ...appearance(n, more), verdict: null });
  const frameOf = (ptsMs: number, ...labels: string[]) =>
    keepFrame(
      lookedAt(
        { streamId: 'news', session: 's1', ptsMs },
        labels.map((label, i) => ({ label, box: [0.1 + 0.4 * i, 0.2, 0.3, 0.3] as const })),
      ),
      () => true,
    );
  const apply = () => applyVerdicts(folder, join(folder, 'verdicts.json'));

  it('leaves a picture out until all that was found in it is judged', async () => {
    const book = await ReviewBook.open(folder);
    const frame = await frameOf(300, 'acme', 'globex');
    await book.judge(stored(1), 'wrong', frame);
    let { negatives, positives, leftOut } = await apply();
    assert.deepEqual([negatives.pictures, positives.pictures, leftOut], [0, 0, 1]);
    // Another brand's appearance at that moment, judged by a frame of its own.
    await book.judge(stored(2, { label: 'globex' }), 'right', await frameOf(900, 'globex'));
    ({ negatives, positives, leftOut } = await apply());
    assert.deepEqual([negatives.pictures, positives.pictures, positives.boxes, leftOut], [0, 2, 2, 0]);
    await book.judge(stored(2, { label: 'globex' }), 'wrong', await frameOf(900, 'globex'));
    ({ negatives, positives, leftOut } = await apply());
    assert.deepEqual([negatives.pictures, negatives.boxes, positives.pictures], [2, 3, 0]);
  });

  it('takes no verdict for another stream’s, session’s or time’s', async () => {
    const book = await ReviewBook.open(folder);
    await book.judge(stored(1), 'wrong', await frameOf(300, 'acme', 'globex'));
    for (const [i, more] of [
      { streamId: 'sports' },
      { session: 's2' },
      { startPtsMs: 301, endPtsMs: 900 },
      { startPtsMs: 0, endPtsMs: 299 },
    ].entries())
      await book.judge(stored(10 + i, { label: 'globex', ...more }), 'right', undefined);
    assert.equal((await apply()).leftOut, 1);
  });

  it('goes on where it stood, and what is taken back leaves nothing', async () => {
    const first = await ReviewBook.open(folder);
    await first.judge(stored(1), 'right', await frameOf(300, 'acme'));
    const missed = await first.addMissed(await frameOf(400), 'globex', [0.5, 0.5, 0.2, 0.2]);
    const book = await ReviewBook.open(folder);
    assert.deepEqual(book.counts, { right: 1, wrong: 0, unsure: 0, missed: 1, frames: 2 });
    const { positives } = await apply();
    assert.deepEqual([positives.pictures, positives.boxes], [2, 2]);
    assert.equal(await book.removeMissed(missed.id), true);
    assert.equal(await book.removeMissed(missed.id), false);
    await book.unjudge('appearance-1');
    assert.deepEqual(readdirSync(join(folder, 'frames')), []);
    assert.equal((await apply()).positives.pictures, 0);
  });

  it('many verdicts at once leave the last state, whole', async () => {
    const book = await ReviewBook.open(folder);
    const frame = await frameOf(300, 'acme');
    await Promise.all(
      Array.from({ length: 40 }, (_, i) => book.judge(stored(1), i % 2 === 0 ? 'right' : 'wrong', frame)),
    );
    assert.deepEqual((await ReviewBook.open(folder)).counts, book.counts);
    assert.equal((await apply()).negatives.pictures, 1);
    assert.ok(!readdirSync(folder).some((name) => /\.[0-9a-f]{8}-/.test(name)), 'no half-written file');
  });

  it('says what is wrong with a folder that it did not write', async () => {
    writeFileSync(join(folder, 'review.json'), '{"format":1}');
    await assert.rejects(ReviewBook.open(folder), /cannot be read/);
    assert.ok(existsSync(join(folder, 'review.json')));
  });
});
