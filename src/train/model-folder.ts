import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { errnoCode, LogowatchError } from '../core/errors.js';
import type { BrandCalibration, ModelManifest } from '../infer/manifest.js';
import { saveNetwork } from '../infer/network/files.js';
import { shippedTrunk } from '../infer/network/shipped.js';
import type { ActivationRanges, Network } from '../infer/network.js';
import { PRIOR_ODDS } from './calibrate.js';
import { FRAME_SHAPES } from './compose/composer.js';
import { storageError } from './state.js';

export interface TrainedModel {
  readonly output: string;
  readonly id: string;
  readonly head: Network;
  readonly ranges: ActivationRanges;
  readonly brands: readonly BrandCalibration[];
  readonly training: Readonly<Record<string, unknown>>;
  /** HTML */
  readonly report: string;
}

/** Before hours of work: that the output may be written, and is no folder of something else. */
export async function checkOutput(output: string): Promise<void> {
  const names = await readdir(output).catch((cause: unknown): string[] => {
    if (errnoCode(cause) === 'ENOENT') return [];
    throw storageError(cause, output);
  });
  if (names.length > 0 && !names.includes('model.json'))
    throw new LogowatchError('usage', 'the output folder holds something that is not a model', {
      value: output,
      remedy: 'Name a new folder',
    });
}

/** Writes the folder beside its place and renames it in, so that a reader sees the old model or the new one whole. */
export async function writeModel(model: TrainedModel): Promise<void> {
  const output = resolve(model.output);
  const fresh = join(dirname(output), `.${basename(output)}.new`);
  try {
    await rm(fresh, { recursive: true, force: true });
    await mkdir(fresh, { recursive: true });
    const head = await saveNetwork(model.head, fresh, 'head');
    const manifest: ModelManifest = {
      format: 1,
      id: model.id,
      createdAt: new Date().toISOString(),
      inputs: FRAME_SHAPES.map(({ width, height }) => ({ width, height })),
      trunk: shippedTrunk().reference,
      head,
      brands: model.brands,
      priorOdds: PRIOR_ODDS,
      ranges: model.ranges,
      training: model.training,
    };
    await writeFile(join(fresh, 'model.json'), `${JSON.stringify(manifest, null, 1)}\n`);
    await writeFile(join(fresh, 'report.html'), model.report);
    await replace(fresh, output);
  } catch (cause) {
    throw storageError(cause, output);
  }
}

async function replace(fresh: string, output: string): Promise<void> {
  const old = `${fresh}.${createHash('sha256').update(fresh).digest('hex').slice(0, 8)}.old`;
  await rm(old, { recursive: true, force: true });
  if (await stat(output).catch(() => undefined)) await rename(output, old);
  await rename(fresh, output);
  await rm(old, { recursive: true, force: true });
}
