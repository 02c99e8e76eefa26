import { fractalNoise } from './noise.js';
import type { SceneKind } from './plan.js';
import type { Random } from './random.js';
import {
  boxMatrix,
  copyRow,
  drawSprite,
  HEIGHT,
  type Raster,
  type Sprite,
  svgRaster,
  svgSprite,
  WIDTH,
} from './raster.js';
import { cardSvg, carSvg, streetSvg, tickerSvg } from './text.js';

/** Paints the whole frame as it is `t` seconds after the shot's start. */
export type Scene = (frame: Raster, t: number) => void;

/** The table of scenes. */
export const scenes: Readonly<Record<SceneKind, (random: Random) => Promise<Scene>>> = {
  sea,
  shapes,
  crowd,
  street,
  card,
};

/** Clouds drift over a sky, waves run below it. */
async function sea(random: Random): Promise<Scene> {
  const horizon = random.integer(150, 230);
  const hue = random.between(0, 1);
  const sky = painted(WIDTH * 2, HEIGHT, fractalNoise(random, WIDTH * 2, HEIGHT, 9), (n, y) => {
    const height = y / HEIGHT;
    const cloud = Math.max(0, n - 0.5) * 4;
    return mix([90 + 110 * height, 140 + 70 * height, 215 - 40 * hue], [250, 246, 240], Math.min(1, cloud));
  });
  const water = painted(WIDTH, HEIGHT, fractalNoise(random, WIDTH, HEIGHT, 40), (n, y) => {
    const depth = y / HEIGHT;
    return mix([30, 80 + 40 * hue, 110], [150, 190, 200], Math.max(0, n - 0.35 - depth * 0.1) * 1.6);
  });
  const wind = random.between(15, 40);
  return (frame, t) => {
    for (let y = 0; y < horizon; y++) copyRow(sky, y, Math.round(t * wind), frame, y);
    for (let y = horizon; y < HEIGHT; y++) {
      const near = (y - horizon) / (HEIGHT - horizon);
      const swell = Math.sin(y * 0.35 - t * 3) * (2 + 10 * near) + t * 20 * near;
      copyRow(water, y, Math.round(swell), frame, y);
    }
  };
}

/** Soft coloured blobs drift over a wash of colour. */
async function shapes(random: Random): Promise<Scene> {
  const hue = random.integer(0, 359);
  const back = await svgRaster(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}"><linearGradient id="g" x2="1" y2="1"><stop stop-color="hsl(${hue} 40% 55%)"/><stop offset="1" stop-color="hsl(${(hue + 70) % 360} 45% 30%)"/></linearGradient><rect width="100%" height="100%" fill="url(#g)"/></svg>`,
  );
  // Chance first, drawing after: what runs side by side must not draw lots.
  const drawn = Array.from({ length: 7 }, () => {
    const size = random.integer(50, 130);
    const fill = `hsl(${random.integer(0, 359)} 55% ${random.integer(35, 70)}%)`;
    const outline = random.pick([
      '<circle cx="50" cy="50" r="46"',
      '<rect x="8" y="8" width="84" height="84" rx="14"',
      '<path d="M50 6 L94 92 L6 92 Z"',
    ]);
    return {
      size,
      svg: `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 100 100">${outline} fill="${fill}"/></svg>`,
      at: { x: random.between(0, WIDTH), y: random.between(0, HEIGHT) },
      speed: [random.between(-60, 60), random.between(-35, 35)] as const,
    };
  });
  const blobs = await Promise.all(drawn.map(async (d) => ({ ...d, sprite: await svgSprite(d.svg) })));
  return (frame, t) => {
    frame.data.set(back.data);
    for (const { sprite, size, at, speed } of blobs) {
      const m = boxMatrix(at.x + speed[0] * t - size / 2, at.y + speed[1] * t - size / 2, size, size);
      drawSprite(frame, sprite, m, 0.85);
    }
  };
}

const ROW_HEIGHT = 36;

/** Rows of heads and shoulders that sway, each row at its own beat. */
async function crowd(random: Random): Promise<Scene> {
  const rows = Array.from({ length: HEIGHT / ROW_HEIGHT }, (_, row) => {
    const heads = Array.from({ length: 36 }, (_, i) => {
      const x = i * 24 + random.integer(-5, 5);
      const skin = `hsl(${random.integer(18, 32)} ${random.integer(25, 50)}% ${random.integer(28, 72)}%)`;
      const coat = `hsl(${random.integer(0, 359)} ${random.integer(10, 60)}% ${random.integer(18, 60)}%)`;
      const y = row * ROW_HEIGHT + random.integer(9, 13);
      return `<ellipse cx="${x}" cy="${y + 24}" rx="14" ry="15" fill="${coat}"/><circle cx="${x}" cy="${y}" r="8" fill="${skin}"/>`;
    });
    return heads.join('');
  });
  const texture = await svgRaster(
    `<svg xmlns="http://www.w3.org/2000/svg" width="840" height="${HEIGHT}"><rect width="100%" height="100%" fill="#202226"/>${rows.join('')}</svg>`,
  );
  const beats = rows.map(() => ({ phase: random.between(0, 6.3), speed: random.between(2, 5) }));
  const pan = random.between(-25, 25);
  return (frame, t) => {
    for (let y = 0; y < HEIGHT; y++) {
      const beat = beats[Math.floor(y / ROW_HEIGHT)]!;
      const sway = 3 * Math.sin(t * beat.speed + beat.phase);
      copyRow(texture, y, Math.round(100 + t * pan + sway), frame, y);
    }
  };
}

/** A camera travels along a street; cars pass. */
async function street(random: Random): Promise<Scene> {
  const front = await svgRaster(streetSvg(random, 1500, HEIGHT));
  const drawn = Array.from({ length: 3 }, () => ({
    svg: carSvg(random),
    x: random.between(-200, WIDTH),
    speed: random.pick([-1, 1]) * random.between(60, 180),
    y: random.integer(290, 308),
  }));
  const cars = await Promise.all(drawn.map(async (d) => ({ ...d, sprite: await svgSprite(d.svg) })));
  const pan = random.pick([-1, 1]) * random.between(25, 70);
  return (frame, t) => {
    for (let y = 0; y < HEIGHT; y++) copyRow(front, y, Math.round(400 + pan * t), frame, y);
    for (const { sprite, x, speed, y } of cars)
      drawSprite(frame, sprite, carMatrix(sprite, x + speed * t, y, speed));
  };
}

/** The art looks to the left or right by a mirrored unit square. */
function carMatrix(sprite: Sprite, x: number, y: number, speed: number) {
  return speed > 0
    ? boxMatrix(x, y, sprite.width, sprite.height)
    : boxMatrix(x + sprite.width, y, -sprite.width, sprite.height);
}

async function card(random: Random): Promise<Scene> {
  const picture = await svgRaster(cardSvg(random, WIDTH, HEIGHT));
  return (frame) => frame.data.set(picture.data);
}

const TICKER_HEIGHT = 34;

/** A strip of text that runs along the lower edge. */
export async function ticker(random: Random): Promise<Scene> {
  const strip = await svgRaster(tickerSvg(random, 4000, TICKER_HEIGHT));
  return (frame, t) => {
    for (let y = 0; y < TICKER_HEIGHT; y++) copyRow(strip, y, Math.round(t * 110), frame, HEIGHT - 50 + y);
  };
}

type Colour = readonly [number, number, number];

function painted(
  width: number,
  height: number,
  noise: Float32Array,
  colour: (n: number, y: number) => Colour,
): Raster {
  const data = new Uint8ClampedArray(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [r, g, b] = colour(noise[y * width + x]!, y);
      data.set([r, g, b], (y * width + x) * 3);
    }
  }
  return { width, height, data };
}

function mix(a: Colour, b: Colour, u: number): Colour {
  return [a[0] + (b[0] - a[0]) * u, a[1] + (b[1] - a[1]) * u, a[2] + (b[2] - a[2]) * u];
}
