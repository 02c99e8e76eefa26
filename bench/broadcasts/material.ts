import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { DatasetImage } from '../../src/train/datasets/dataset.js';
import { readNegatives } from '../../src/train/datasets/negatives.js';
import { readDataset } from '../../src/train/datasets/read.js';

/** What broadcasts are composed from; nothing of it may have been trained on. */
export interface Material {
  /** Photos whose known brands are boxed. */
  readonly brands: readonly DatasetImage[];
  /** Photos of logos that must stay silent. */
  readonly unknown: readonly DatasetImage[];
  readonly scenes: readonly string[];
  /** Real clips without a known brand. */
  readonly clips: readonly string[];
}

export type Half = 'a' | 'b';

/**
 * The parts of DATA (logos/val, unknown-logos/test, no-logo/test, clips) that training does not see. Halves share no
 * photo: choose on one, report on the other.
 */
export async function readMaterial(data: string, half?: Half): Promise<Material> {
  const mine = (file: string) => half === undefined || halfOf(basename(file)) === half;
  const { images } = await readDataset(join(data, 'logos', 'val'));
  const { distractors } = await readNegatives([join(data, 'unknown-logos', 'test')]);
  const { pictures } = await readNegatives([join(data, 'no-logo', 'test')]);
  const clips = readdirSync(join(data, 'clips'))
    .filter((f) => /\.(mp4|ts)$/.test(f))
    .map((f) => join(data, 'clips', f));
  return {
    brands: images.filter((i) => i.boxes.length > 0 && mine(i.file)),
    unknown: distractors.filter((i) => mine(i.file)),
    scenes: pictures.filter(mine),
    clips: clips.filter(mine),
  };
}

const halfOf = (name: string): Half => (createHash('sha256').update(name).digest()[0]! % 2 === 0 ? 'a' : 'b');
