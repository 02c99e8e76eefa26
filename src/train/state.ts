import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HeadParameters } from './head/parameters.js';
import type { HeadState } from './head/train-head.js';
import { initialState } from './head/train-head.js';
import { storageError } from './storage-error.js';

/** The folder beside a model that a run works in until the model is whole. */
export const workFolder = (output: string): string => `${output.replace(/[/\\]+$/, '')}.partial`;

interface SavedState {
  readonly key: string;
  readonly epoch: number;
  readonly steps: number;
  readonly bestMetric: number;
  readonly history: HeadState['history'];
}

function* arrays(state: HeadState): Generator<Float32Array> {
  for (const set of [state.parameters, state.average, state.best] as HeadParameters[])
    for (const p of set.values()) yield p.data;
  for (const set of [state.optimiser.m, state.optimiser.v]) for (const data of set.values()) yield data;
}

/** After every epoch; the two files are renamed into place, weights first, so a cut leaves the epoch before. */
export async function saveState(folder: string, key: string, state: HeadState): Promise<void> {
  const name = `state-${state.epoch}`;
  const { epoch, optimiser, bestMetric, history } = state;
  const saved: SavedState = { key, epoch, steps: optimiser.steps, bestMetric, history };
  try {
    const bytes = [...arrays(state)].map((a) => Buffer.from(a.buffer, a.byteOffset, a.byteLength));
    await writeFile(join(folder, `${name}.bin`), Buffer.concat(bytes));
    await writeFile(join(folder, 'state.json.new'), JSON.stringify(saved));
    await rename(join(folder, 'state.json.new'), join(folder, 'state.json'));
    await rm(join(folder, `state-${epoch - 1}.bin`), { force: true });
  } catch (cause) {
    throw storageError(cause, folder);
  }
}

/** The state that a run of the same key left, or a fresh one. */
export async function loadState(
  folder: string,
  key: string,
  brandCount: number,
  seed: number,
): Promise<HeadState> {
  const state = initialState(brandCount, seed);
  try {
    const saved = JSON.parse(await readFile(join(folder, 'state.json'), 'utf8')) as SavedState;
    if (saved.key !== key) return state;
    const bytes = await readFile(join(folder, `state-${saved.epoch}.bin`));
    let at = 0;
    for (const data of arrays(state)) {
      for (let i = 0; i < data.length; i++) data[i] = bytes.readFloatLE(at + 4 * i);
      at += 4 * data.length;
    }
    Object.assign(state, { epoch: saved.epoch, bestMetric: saved.bestMetric, history: saved.history });
    state.optimiser.steps = saved.steps;
    return state;
  } catch {
    // No state, or one that was cut off: the features beside it still count.
    return initialState(brandCount, seed);
  }
}

export async function openWorkFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw storageError(cause, folder);
  }
}
