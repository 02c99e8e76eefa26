import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Detection } from '../../src/core/detection.js';
import type { Frame } from '../../src/core/frame.js';
import { StillPictures } from '../../src/infer/still.js';

const [WIDTH, HEIGHT] = [320, 180];
const GREY = 120;
const MODEL = 'model';

type Rgb = readonly [number, number, number];

interface Patch {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly add: Rgb;
}

function picture(n: number, patch?: Patch, session = 's'): Frame {
  const data = new Uint8Array(WIDTH * HEIGHT * 3).fill(GREY);
  if (patch !== undefined)
    for (let y = patch.y; y < patch.y + patch.height; y++)
      for (let x = patch.x; x < patch.x + patch.width; x++)
        for (const [channel, add] of patch.add.entries()) data[(y * WIDTH + x) * 3 + channel]! += add;
  return {
    kind: 'frame',
    streamId: 'a',
    session,
    seq: n,
    ptsUs: n * 200_000,
    wallTimeMs: n * 200,
    arrivalMs: n * 200,
    clock: 'file',
    live: true,
    width: WIDTH,
    height: HEIGHT,
    content: { x: 0, y: 0, width: WIDTH, height: HEIGHT },
    format: 'rgb24',
    data,
  };
}

const detection = (score: number): Detection => ({
  label: 'x',
  score,
  llr: 0,
  confident: false,
  box: [0, 0, 1, 1],
});

/** Whether each picture is looked at, when each look finds `found`. */
function looks(pictures: readonly Frame[], found: readonly Detection[] = []): boolean[] {
  const stills = new StillPictures();
  return pictures.map((frame) => {
    const { known, reference } = stills.see(frame, MODEL);
    if (reference !== undefined) Object.assign(reference, { found, modelHash: MODEL });
    return known === undefined;
  });
}

test('a picture that shows what the one before it shows needs no look, for a second', () => {
  const seen = looks(Array.from({ length: 11 }, (_, n) => picture(n)));
  assert.deepEqual(
    seen.flatMap((looked, n) => (looked ? [n] : [])),
    [0, 5, 10],
  );
});

for (const [what, patch] of [
  ['the smallest logo', { x: 203, y: 101, width: 24, height: 10, add: [40, 40, 40] }],
  ['one at the lower right edge', { x: 308, y: 174, width: 12, height: 6, add: [60, 60, 60] }],
  ['one of another colour as bright', { x: 51, y: 33, width: 24, height: 10, add: [60, -31, 0] }],
  ['a faint mark', { x: 100, y: 60, width: 40, height: 16, add: [8, 8, 8] }],
] as const satisfies readonly (readonly [string, Patch])[])
  test(`${what} that appears in a still scene is looked at in its first picture`, () => {
    assert.deepEqual(looks([picture(0), picture(1), picture(2, patch)]), [true, false, true]);
  });

test('what changes slowly is looked at once it has changed enough', () => {
  const fade = Array.from({ length: 5 }, (_, n) =>
    picture(n, { x: 40, y: 40, width: 48, height: 48, add: [3 * n, 3 * n, 3 * n] }),
  );
  assert.deepEqual(looks(fade), [true, false, false, true, false]);
});

test('the noise of coding is no change', () => {
  const noisy = Array.from({ length: 5 }, (_, n) => {
    const frame = picture(n);
    for (let i = 0; i < frame.data.length; i++) frame.data[i]! += ((i * 7919 + n * 104_729) % 7) - 3;
    return frame;
  });
  assert.deepEqual(looks(noisy), [true, false, false, false, false]);
});

test('where something was found, or nobody knows yet, each picture is looked at', () => {
  const pictures = [picture(0), picture(1), picture(2)];
  assert.deepEqual(looks(pictures, [detection(0.2)]), [true, true, true]);
  assert.deepEqual(looks(pictures, [detection(0.05)]), [true, false, false]);
  const stills = new StillPictures();
  assert.deepEqual(
    pictures.map((frame) => stills.see(frame, MODEL).known),
    [undefined, undefined, undefined],
  );
});

test('another session, another model and a stream that begins anew are looked at', () => {
  assert.deepEqual(looks([picture(0), picture(1), picture(2, undefined, 't')]), [true, false, true]);
  const stills = new StillPictures();
  Object.assign(stills.see(picture(0), MODEL).reference!, { found: [], modelHash: MODEL });
  assert.deepEqual(stills.see(picture(1), MODEL).known, []);
  assert.equal(stills.see(picture(1), 'another').known, undefined);
  stills.forget('a');
  assert.equal(stills.see(picture(1), MODEL).known, undefined);
});
