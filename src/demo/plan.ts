import type { MarkStyle } from './brands.js';
import type { Pose } from './pose.js';
import type { Random } from './random.js';
import { FPS, HEIGHT, WIDTH } from './raster.js';

export type SceneKind = 'sea' | 'shapes' | 'crowd' | 'street' | 'card';

/** A mark on screen from frame `first` to frame `last`, both included, moving between two poses. */
export interface PlannedMark {
  readonly slug: string;
  /** False for the face of another logo. */
  readonly isBrand: boolean;
  readonly style: MarkStyle;
  readonly first: number;
  readonly last: number;
  readonly from: Pose;
  readonly to: Pose;
}

export interface Shot {
  readonly scene: SceneKind;
  readonly first: number;
  readonly last: number;
  readonly ticker: boolean;
}

export interface Plan {
  readonly frames: number;
  readonly shots: readonly Shot[];
  readonly marks: readonly PlannedMark[];
}

type ShotKind = 'moving' | 'flash' | 'tilted' | 'others' | 'bug' | 'two' | 'card' | 'ticker' | 'plain';

/** The programme, repeated for as long as it takes. `bug` in a row is one corner bug over several shots. */
const PROGRAMME: readonly ShotKind[] = [
  ...['moving', 'flash', 'tilted', 'others', 'bug', 'bug', 'bug', 'two'],
  ...['card', 'moving', 'flash', 'tilted', 'moving', 'ticker', 'plain'],
] as ShotKind[];

const SHOT_S_MIN = 3;
const SHOT_S_MAX = 6;
/** The sampling grid of 5 frames/s, so that a single-frame blink is really seen by the watcher. */
const SAMPLE_STEP = 5;

/** Everything that chance decides, frame by frame, before anything is drawn. */
export function planBroadcast(
  random: Random,
  seconds: number,
  brands: readonly string[],
  others: readonly string[],
): Plan {
  const frames = Math.round(seconds * FPS);
  const order = random.shuffle(brands);
  let used = 0;
  const nextBrand = () => order[used++ % order.length]!;
  // Half a round away from its neighbours, so that a blink never falls beside a shot that shows its brand.
  const nextBlink = (nth: number) => order[(used + (order.length >> 1) - 1 + nth) % order.length]!;
  const nextOther = cycle(random.shuffle(others));
  const scenes = cycle(random.shuffle<SceneKind>(['sea', 'street', 'crowd', 'shapes']));
  const shots: Shot[] = [];
  const marks: PlannedMark[] = [];
  let bug: PlannedMark | undefined;
  let first = 0;
  for (let i = 0; first < frames; i++) {
    const kind = PROGRAMME[i % PROGRAMME.length]!;
    const last = first + shotLength(random, frames - first) - 1;
    shots.push({ scene: kind === 'card' ? 'card' : scenes(), first, last, ticker: kind === 'ticker' });
    if (kind === 'bug') {
      bug = { ...(bug ?? cornerBug(random, nextBrand(), first)), last };
      if (PROGRAMME[(i + 1) % PROGRAMME.length] !== 'bug' || last + 1 >= frames) {
        marks.push(bug);
        bug = undefined;
      }
    } else if (kind === 'flash') {
      marks.push(...flashes(random, first, last, nextBlink));
    } else {
      marks.push(...marksOf(kind, random, first, last, nextBrand, nextOther));
    }
    first = last + 1;
  }
  return { frames, shots, marks };
}

/** 3 to 6 seconds, and never a rest that is too short for a shot. */
function shotLength(random: Random, left: number): number {
  // Squared: short shots are the rule, so that the whole programme fits into a minute.
  const wanted = Math.round((SHOT_S_MIN + (SHOT_S_MAX - SHOT_S_MIN) * random.next() ** 2) * FPS);
  if (left <= SHOT_S_MAX * FPS) return left;
  return Math.min(wanted, left - SHOT_S_MIN * FPS);
}

function marksOf(
  kind: ShotKind,
  random: Random,
  first: number,
  last: number,
  nextBrand: () => string,
  nextOther: () => string,
): PlannedMark[] {
  const brand = (from: number, to: number, tilt: number, area?: readonly [number, number]) =>
    mark(random, { slug: nextBrand(), isBrand: true, first: from, last: to }, tilt, area);
  const other = (tilt: number, area?: readonly [number, number]) =>
    mark(random, { slug: nextOther(), isBrand: false, first, last }, tilt, area);
  switch (kind) {
    case 'moving':
      return [brand(first + random.integer(0, FPS), last, 0.15)];
    case 'tilted':
      return [brand(first, last - random.integer(0, FPS / 2), 0.75)];
    case 'two':
      return [brand(first, last, 0.2, [0, 0.5]), brand(first, last, 0.2, [0.5, 1])];
    case 'others':
      return [other(0.15, [0, 0.5]), other(0.6, [0.5, 1])];
    case 'ticker':
      return [other(0.2)];
    default:
      return [];
  }
}

/** Two brands for a single frame each, at a third and two thirds of the shot. */
function flashes(
  random: Random,
  first: number,
  last: number,
  nextBlink: (nth: number) => string,
): PlannedMark[] {
  return [0, 1].map((nth) => {
    const at = first + ((last - first) * (nth + 1)) / 3;
    const frame = Math.round(at / SAMPLE_STEP) * SAMPLE_STEP;
    return mark(random, { slug: nextBlink(nth), isBrand: true, first: frame, last: frame }, 0.1);
  });
}

type Slot = Pick<PlannedMark, 'slug' | 'isBrand' | 'first' | 'last'>;

/** A mark that moves within the columns `area` (shares of the width), wholly on screen, tilted up to `tilt`. */
function mark(
  random: Random,
  slot: Slot,
  tilt: number,
  area: readonly [number, number] = [0, 1],
): PlannedMark {
  const size = random.between(0.16, 0.27) * WIDTH;
  // Perspective and roll make it wider than its side.
  const reach = size * 0.8;
  const pose = (scale: number): Pose => ({
    x: random.between(area[0] * WIDTH + reach, area[1] * WIDTH - reach),
    y: random.between(reach, HEIGHT - reach),
    size: size * scale,
    yaw: random.between(-tilt, tilt),
    pitch: random.between(-tilt, tilt) * 0.6,
    roll: random.between(-tilt, tilt) * 0.25,
  });
  return {
    ...slot,
    style: random.pick(['plate', 'outline']),
    from: pose(1),
    to: pose(random.between(0.75, 1)),
  };
}

function cornerBug(random: Random, slug: string, first: number): PlannedMark {
  const size = Math.round(random.between(0.11, 0.135) * WIDTH);
  const margin = Math.round(size / 2 + 14);
  const pose: Pose = {
    x: random.pick([margin, WIDTH - margin]),
    y: random.pick([margin, HEIGHT - margin]),
    size,
    yaw: 0,
    pitch: 0,
    roll: 0,
  };
  return { slug, isBrand: true, style: 'plate', first, last: first, from: pose, to: pose };
}

function cycle<T>(items: readonly T[]): () => T {
  let i = 0;
  return () => items[i++ % items.length]!;
}

/** Where the mark is in a frame. */
export function poseAt(m: PlannedMark, frame: number): Pose {
  const u = m.last === m.first ? 0 : (frame - m.first) / (m.last - m.first);
  const mix = (key: keyof Pose) => m.from[key] + (m.to[key] - m.from[key]) * u;
  return {
    x: mix('x'),
    y: mix('y'),
    size: mix('size'),
    yaw: mix('yaw'),
    pitch: mix('pitch'),
    roll: mix('roll'),
  };
}
