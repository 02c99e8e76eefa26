import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brandArt, DEMO_BRANDS, distractorSlugs, loadIcon } from '../../src/demo/brands.js';

test('every demo brand exists in simple-icons and has art in three styles', async () => {
  const art = await brandArt();
  assert.equal(art.length, DEMO_BRANDS.length * 3);
  assert.equal(new Set(art.map((a) => a.svg)).size, art.length);
  assert.deepEqual([...new Set(art.map((a) => a.label))], [...DEMO_BRANDS]);
});

test('distractors are none of the brands, the same for a seed, and apart between training and demo', async () => {
  const train = await distractorSlugs(1, 60);
  const demo = await distractorSlugs(1, 60, 'demo');
  assert.equal(train.length, 60);
  assert.equal(demo.length, 60);
  assert.deepEqual(await distractorSlugs(1, 60), train);
  assert.notDeepEqual(await distractorSlugs(2, 60), train);
  assert.deepEqual(
    train.filter((slug) => demo.includes(slug)),
    [],
  );
  for (const slug of [...train, ...demo]) {
    assert.ok(!DEMO_BRANDS.some((brand) => slug.includes(brand)), slug);
  }
});

test('an unknown mark is named', async () => {
  await assert.rejects(loadIcon('no-such-mark'), { code: 'usage', value: 'no-such-mark' });
});
