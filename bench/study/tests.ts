import { brandsOf, type StudyData } from './data.js';
import { type FramePlan, planFrames, planFreeFrames } from './frames.js';

/** With one of the brands, with nothing, with another logo. */
export const GROUPS = ['logo', 'free', 'unknown'] as const;
export type Group = (typeof GROUPS)[number];
/** Whole photos, and 640x360 frames with small logos. */
export const SETS = ['photos', 'frames'] as const;
export type TestSet = (typeof SETS)[number];

export function record<K extends string, V>(keys: readonly K[], make: (key: K) => V): Record<K, V> {
  return Object.fromEntries(keys.map((key) => [key, make(key)])) as Record<K, V>;
}

export type Plans = Readonly<Record<Group, readonly FramePlan[]>>;

const SEED = 7;

/** The same frames for every method and every seed of training. */
export function planTests(data: StudyData): Plans {
  const { boxed, scenes, unknown } = data.test;
  return {
    logo: planFrames(boxed, scenes, SEED),
    free: planFreeFrames(scenes, SEED),
    // A third of them is enough for a rate; three has no divisor in common with the widths and kinds.
    unknown: planFrames(unknown, scenes, SEED + 1).filter((_, i) => i % 3 === 0),
  };
}

export interface Truth {
  /** Brands in each logo picture. */
  readonly brands: readonly (readonly number[])[];
  /** Index into WIDTHS of each; -1 for photos. */
  readonly widths: readonly number[];
}

export function truthOf(data: StudyData, plans: Plans): Record<TestSet, Truth> {
  const { logos } = data.test;
  return {
    photos: { brands: logos.map((i) => brandsOf(i, data.brands)), widths: logos.map(() => -1) },
    frames: {
      brands: plans.logo.map(({ logo }) =>
        // A photo laid over the frame brings all its logos, a crop its own.
        logo!.kind === 'photo' ? brandsOf(logo!.image, data.brands) : [data.brands.indexOf(logo!.box.label)],
      ),
      widths: plans.logo.map(({ logo }) => logo!.width),
    },
  };
}
