import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ShotState, shotStep } from '../../src/infer/shot.js';

type Rgb = [number, number, number];
const W = 320;
const H = 180;

/** A smooth random scene of coloured blobs on a plane larger than the picture, so that a camera can move over it. */
function scene(seed: number): (x: number, y: number) => Rgb {
  let s = seed * 2654435761;
  const random = () => {
    s = (s * 1664525 + 1013904223) >>> 0;
    return s / 2 ** 32;
  };
  const base: Rgb = [random() * 200, random() * 200, random() * 200];
  const blobs = Array.from({ length: 24 }, () => ({
    x: random() * 2 * W,
    y: random() * H,
    r: 15 + random() * 60,
    rgb: [random() * 255, random() * 255, random() * 255] as Rgb,
  }));
  return (x, y) => {
    let rgb = base;
    for (const blob of blobs) if ((x - blob.x) ** 2 + (y - blob.y) ** 2 < blob.r ** 2) rgb = blob.rgb;
    return rgb;
  };
}

function picture(at: (x: number, y: number) => Rgb, gain = 1, noise = 0) {
  const data = new Uint8Array(W * H * 3);
  let s = 1;
  for (let y = 0; y < H; y++) {
    for (let x = 0; x < W; x++) {
      const rgb = at(x, y);
      for (let c = 0; c < 3; c++) {
        s = (s * 1103515245 + 12345) & 0x7fffffff;
        const v = rgb[c]! * gain + ((s / 0x7fffffff) * 2 - 1) * noise;
        data[(y * W + x) * 3 + c] = Math.min(255, Math.max(0, v));
      }
    }
  }
  return { width: W, height: H, data };
}

function cutsOf(pictures: ReturnType<typeof picture>[]): number[] {
  let state: ShotState | undefined;
  const cuts: number[] = [];
  pictures.forEach((frame, i) => {
    const step = shotStep(state, frame);
    state = step.state;
    if (step.cut) cuts.push(i);
  });
  return cuts;
}

test('each hard cut is found on its first frame', () => {
  const scenes = [1, 2, 3, 4, 5, 6, 7, 8].map(scene);
  const pictures = scenes.flatMap((at) => [0, 1, 2, 3].map((k) => picture((x, y) => at(x + 4 * k, y), 1, 8)));
  assert.deepEqual(cutsOf(pictures), [4, 8, 12, 16, 20, 24, 28]);
});

test('a pan of a tenth of the width a frame is no cut', () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const at = scene(seed);
    const pictures = Array.from({ length: 9 }, (_, k) => picture((x, y) => at(x + 32 * k, y), 1, 8));
    assert.deepEqual(cutsOf(pictures), [], `scene ${seed}`);
  }
});

test('a fade to black and a cross-fade are no cuts', () => {
  for (const seed of [1, 2, 3, 4]) {
    const a = scene(seed);
    const b = scene(seed + 10);
    const out = Array.from({ length: 6 }, (_, k) => picture(a, 1 - k / 5, 3));
    assert.deepEqual(cutsOf(out), [], `fade of scene ${seed}`);
    const cross = Array.from({ length: 9 }, (_, k) =>
      picture((x, y) => a(x, y).map((v, c) => v + ((b(x, y)[c]! - v) * k) / 8) as Rgb, 1, 3),
    );
    assert.deepEqual(cutsOf(cross), [], `cross-fade of scene ${seed}`);
  }
});

test('a mark that blinks in, and a still picture, are no cuts', () => {
  const at = scene(3);
  const marked = (x: number, y: number): Rgb => (x < 80 && y < 60 ? [250, 10, 10] : at(x, y));
  assert.deepEqual(cutsOf([picture(at), picture(marked), picture(at), picture(at)]), []);
});

test('a cut out of black is a cut, and black alone is none', () => {
  const black = () => [0, 0, 0] as Rgb;
  assert.deepEqual(cutsOf([picture(black, 1, 2), picture(black, 1, 2), picture(scene(4), 1, 2)]), [2]);
});
