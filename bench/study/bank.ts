import { PictureCache } from '../../src/train/compose/cache.js';
import type { DatasetImage } from '../../src/train/datasets/dataset.js';
import { hashOf, type WorkCache } from './cache.js';
import { CROPS, squashed, trainingCrops } from './crops.js';
import { brandsOf, type StudyData } from './data.js';
import type { Matrix } from './dense.js';
import type { PictureJob, PooledFeatures } from './features.js';
import { composeFrame, type FramePlan } from './frames.js';
import { GENERATED, type GeneratedKind, generatedPicture } from './generated.js';
import type { Report } from './progress.js';
import { GROUPS, type Group, type Plans, record, SETS, type TestSet } from './tests.js';

/** Pictures of each generated kind. */
export const GENERATED_EACH = 100;
/** Grows with changes of crops, frames or generated pictures. */
const RECIPE = 'recipe 1';

/** Where a picture's CROPS rows begin. */
export type Rows = readonly number[];

export interface Bank {
  /** Names all features here: part of the key of what is worked out from them. */
  readonly key: string;
  readonly x: Matrix;
  readonly logos: Rows;
  /** Brand of each picture of `logos`. */
  readonly brand: readonly number[];
  readonly scenes: Rows;
  readonly unknown: Rows;
  readonly generated: Readonly<Record<GeneratedKind, Rows>>;
  readonly tests: Readonly<Record<TestSet, Readonly<Record<Group, Matrix>>>>;
}

/** Features of all training pictures and all test pictures. */
export async function fillBank(
  data: StudyData,
  plans: Plans,
  features: PooledFeatures,
  cache: WorkCache,
  report: Report,
): Promise<Bank> {
  const pictures = new PictureCache();
  const keys: string[] = [];
  const extract = async (name: string, jobs: readonly PictureJob[], each: number): Promise<Matrix> => {
    keys.push(...jobs.map((j) => j.key));
    return features.of(jobs, each, (done) => report(`features of ${name}`, done, jobs.length));
  };
  const photoJobs = (files: readonly string[], train: boolean): Promise<PictureJob[]> =>
    Promise.all(files.map((file) => photoJob(file, train, pictures, cache)));
  const files = (images: readonly DatasetImage[]): string[] => images.map((i) => i.file);

  const { train, test } = data;
  const parts: Matrix[] = [];
  const rows: number[][] = [];
  const add = async (name: string, jobs: readonly PictureJob[]): Promise<void> => {
    const before = parts.reduce((sum, p) => sum + p.data.length / p.columns, 0);
    parts.push(await extract(name, jobs, CROPS));
    rows.push(jobs.map((_, i) => before + i * CROPS));
  };
  await add('logos', await photoJobs(files(train.logos), true));
  await add('scenes', await photoJobs(train.scenes, true));
  await add('other logos', await photoJobs(files(train.unknown), true));
  for (const kind of GENERATED) await add(kind, await generatedJobs(kind, train.unknown, pictures, cache));

  const photos: Record<Group, readonly string[]> = {
    logo: files(test.logos),
    free: test.scenes,
    unknown: files(test.unknown),
  };
  const tests = { photos: new Map<Group, Matrix>(), frames: new Map<Group, Matrix>() };
  for (const group of GROUPS) {
    const jobs = await photoJobs(photos[group], false);
    tests.photos.set(group, await extract(`test photos, ${group}`, jobs, 1));
    const frames = await Promise.all(plans[group].map((plan) => frameJob(plan, pictures, cache)));
    tests.frames.set(group, await extract(`frames, ${group}`, frames, 1));
  }
  const [logos, scenes, unknown, ...generated] = rows as [number[], number[], number[], ...number[][]];
  return {
    key: hashOf(...keys),
    x: stacked(parts),
    logos,
    brand: train.logos.map((image) => mainBrand(image, data.brands)),
    scenes,
    unknown,
    generated: record(GENERATED, (kind) => generated[GENERATED.indexOf(kind)]!),
    tests: record(SETS, (set) => record(GROUPS, (group) => tests[set].get(group)!)),
  };
}

/** The brand of the largest box: what a folder per class would call the picture. */
function mainBrand(image: DatasetImage, brands: readonly string[]): number {
  const largest = image.boxes.reduce((a, b) => (b.box[2] * b.box[3] > a.box[2] * a.box[3] ? b : a));
  return brandsOf({ ...image, boxes: [largest] }, brands)[0]!;
}

export function stacked(parts: readonly Matrix[]): Matrix {
  const columns = parts[0]!.columns;
  const data = new Float32Array(parts.reduce((sum, p) => sum + p.data.length, 0));
  let at = 0;
  for (const part of parts) {
    data.set(part.data, at);
    at += part.data.length;
  }
  return { data, columns };
}

async function photoJob(
  file: string,
  train: boolean,
  pictures: PictureCache,
  cache: WorkCache,
): Promise<PictureJob> {
  const content = await cache.contentOf(file);
  return {
    key: hashOf(RECIPE, train ? 'crops' : 'whole', content),
    pictures: async () => {
      const picture = await pictures.picture(file);
      // The crops are a function of the picture's bytes: names and order do not matter.
      return train
        ? trainingCrops(picture, Number.parseInt(content.slice(0, 8), 16))
        : [await squashed(picture)];
    },
  };
}

async function generatedJobs(
  kind: GeneratedKind,
  other: readonly DatasetImage[],
  pictures: PictureCache,
  cache: WorkCache,
): Promise<PictureJob[]> {
  const contents = kind === 'patches' ? await Promise.all(other.map((i) => cache.contentOf(i.file))) : [];
  return Array.from({ length: GENERATED_EACH }, (_, index) => ({
    key: hashOf(RECIPE, kind, String(index), ...contents),
    pictures: async () => trainingCrops(await generatedPicture(kind, index, other, pictures), index),
  }));
}

async function frameJob(plan: FramePlan, pictures: PictureCache, cache: WorkCache): Promise<PictureJob> {
  return {
    key: await frameKey(plan, cache),
    pictures: async () => [await squashed(await composeFrame(plan, pictures))],
  };
}

export async function frameKey({ seed, background, logo }: FramePlan, cache: WorkCache): Promise<string> {
  const parts = [RECIPE, 'frame', String(seed), await cache.contentOf(background)];
  if (logo) {
    const { image, box, kind, scale } = logo;
    parts.push(await cache.contentOf(image.file), JSON.stringify([box.box, kind, scale]));
  }
  return hashOf(...parts);
}
