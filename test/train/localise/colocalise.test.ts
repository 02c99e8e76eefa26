import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Box } from '../../../src/core/geometry.js';
import { colocalise } from '../../../src/train/localise/colocalise.js';
import type { PlaceCandidate } from '../../../src/train/localise/places.js';
import { Rng } from '../../../src/train/rng.js';

const SIZE = 32;

function vector(rng: Rng, near?: Float32Array, noise = 1): Float32Array {
  const v = Float32Array.from(
    { length: SIZE },
    (_, i) => (near?.[i] ?? 0) + (noise * rng.normal()) / Math.sqrt(SIZE),
  );
  const length = Math.hypot(...v);
  return v.map((x) => x / length);
}

const place = (embedding: Float32Array, box: Box, logo = 0): PlaceCandidate => ({
  box,
  share: (box[2] * box[3]) / 10_000,
  whole: false,
  logo,
  embedding,
  background: new Float64Array(20).fill(0.1),
});

const whole = (embedding: Float32Array): PlaceCandidate => ({
  ...place(embedding, [0, 0, 100, 100], -Infinity),
  whole: true,
});

/** A picture of 100x100 with other things in it, more like some logo than the brand's mark is, and the mark last. */
function scene(rng: Rng, mark: Float32Array | undefined, others = 4): PlaceCandidate[] {
  const places = Array.from({ length: others }, (_, n) => place(vector(rng), [n * 20, 0, 15, 15], 2));
  if (mark !== undefined) places.push(place(vector(rng, mark, 0.4), [50, 50, 30, 30], 0));
  return [...places, whole(vector(rng))];
}

test('what the pictures have in common is found, though other things look more like a logo', () => {
  const rng = new Rng(1);
  const mark = vector(rng);
  const choices = colocalise(
    Array.from({ length: 12 }, () => scene(rng, mark)),
    [],
  );
  for (const { places, doubt } of choices) {
    assert.deepEqual(places[0]!.box, [50, 50, 30, 30]);
    assert.equal(doubt, undefined);
  }
});

test('a picture without the mark is doubtful, and says why', () => {
  const rng = new Rng(2);
  const mark = vector(rng);
  const choices = colocalise(
    [...Array.from({ length: 11 }, () => scene(rng, mark)), scene(rng, undefined)],
    [],
  );
  assert.match(choices[11]!.doubt ?? '', /too little like|stands out/);
  assert.equal(choices.filter((c) => c.doubt !== undefined).length, 1);
});

test('copies of one picture do not vouch for what happens to be in it', () => {
  const rng = new Rng(3);
  const mark = vector(rng);
  const copied = scene(rng, mark);
  const copies = Array.from({ length: 6 }, () => copied);
  const choices = colocalise([...copies, ...Array.from({ length: 6 }, () => scene(rng, mark))], []);
  for (const { places } of choices) assert.deepEqual(places[0]!.box, [50, 50, 30, 30]);
});

test('a second mark in a picture is found with the first', () => {
  const rng = new Rng(4);
  const mark = vector(rng);
  const twice = [place(vector(rng, mark, 0.3), [10, 60, 20, 20]), ...scene(rng, mark)];
  const choices = colocalise([twice, ...Array.from({ length: 8 }, () => scene(rng, mark))], []);
  assert.equal(choices[0]!.places.length, 2);
  assert.ok(choices.slice(1).every((c) => c.places.length === 1));
});

test('a close-up is taken as the whole picture', () => {
  const rng = new Rng(5);
  const mark = vector(rng);
  const closeUp = [place(vector(rng, mark, 0.3), [5, 5, 88, 88]), whole(vector(rng, mark, 0.6))];
  const choices = colocalise([closeUp, ...Array.from({ length: 8 }, () => scene(rng, mark))], []);
  assert.deepEqual(
    choices[0]!.places.map((p) => p.box),
    [[0, 0, 100, 100]],
  );
});

test('known logos show the way where a picture has no others', () => {
  const rng = new Rng(6);
  const mark = vector(rng);
  const [choice] = colocalise([scene(rng, mark)], [vector(rng, mark, 0.3)]);
  assert.deepEqual(choice!.places[0]!.box, [50, 50, 30, 30]);
});

test('alone, a picture gives its one logo-like place, and is doubtful where there are several', () => {
  const rng = new Rng(7);
  const one = [
    place(vector(rng), [10, 10, 20, 20], 3),
    place(vector(rng), [60, 60, 20, 20], -2),
    whole(vector(rng)),
  ];
  const [sure] = colocalise([one], []);
  assert.deepEqual([sure!.places[0]!.box, sure!.doubt], [[10, 10, 20, 20], undefined]);
  assert.match(colocalise([scene(rng, vector(rng))], [])[0]!.doubt ?? '', /no other picture/);
});
