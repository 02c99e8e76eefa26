import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoCode, LogowatchError } from '../core/errors.js';
import type { BrandCalibration, ModelManifest } from '../infer/manifest.js';
import { saveModel } from '../infer/model/save.js';
import { shippedTrunk } from '../infer/network/shipped.js';
import type { Network } from '../infer/network.js';
import { PRIOR_ODDS } from './calibrate.js';
import { FRAME_SHAPES } from './compose/composer.js';
import { storageError } from './storage-error.js';

export interface TrainedModel {
  readonly output: string;
  readonly id: string;
  readonly head: Network;
  /** Ranges and means of both looks. */
  readonly int8: Pick<ModelManifest, 'ranges' | 'means' | 'cropRanges' | 'cropMeans'>;
  readonly brands: readonly BrandCalibration[];
  readonly candidateLogit: number;
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

/** The model first, by one rename; then the report beside it. */
export async function writeModel(model: TrainedModel): Promise<void> {
  const { id, brands, int8, training, head, output, candidateLogit } = model;
  const inputs = FRAME_SHAPES.map(({ width, height }) => ({ width, height }));
  const createdAt = new Date().toISOString();
  try {
    await mkdir(output, { recursive: true });
    await saveModel(output, {
      manifest: { id, createdAt, inputs, brands, priorOdds: PRIOR_ODDS, candidateLogit, ...int8, training },
      head,
      trunk: shippedTrunk().reference,
    });
    await writeFile(join(output, 'report.html'), model.report);
  } catch (cause) {
    throw storageError(cause, output);
  }
}
