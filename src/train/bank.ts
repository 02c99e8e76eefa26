import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { z } from 'zod';
import { LogowatchError } from '../core/errors.js';
import { sha256 } from '../infer/network/files.js';
import { shippedTrunk } from '../infer/network/shipped.js';
import { CELL_INPUTS, CROP_INPUTS, type FrameSamples, NO_BRAND } from './samples.js';

/**
 * The background bank: what the shipped network makes of the most logo-like places of thousands of varied pictures
 * (scenes, street text, interfaces, other logos), so that silence can be learned without pictures of one's own. No
 * picture can be seen from it. Values are in steps, channel by channel, and compressed as a whole: crops in CROP_STEP of
 * a channel's deviation about its mean, whose error (0.12 deviations) is far below what tells one place from another.
 */
const BANK_FILE = 'bank.json';
const CROP_STEP = 0.4;
const TOWER_STEP = 0.25;
/** Of a logo logit. */
const LOGO_STEP = 0.125;

const schema = z.strictObject({
  /** SHA-256 of the trunk's weights that the values come from. */
  trunk: z.string(),
  file: z.literal('bank.bin.br'),
  sha256: z.string(),
  /** Of each channel of the crops: the mean and a step. */
  crops: z.array(z.tuple([z.number(), z.number().positive()])).length(CROP_INPUTS),
  /** Places of each picture, picture by picture. */
  places: z.array(z.int().positive()),
  /** How many pictures of which kind, for the record. */
  sources: z.record(z.string(), z.int()),
});

export interface BankPicture extends FrameSamples {
  /** Logit of being at some logo, of each place. */
  readonly logos: Float32Array;
}

/** Pictures of one place or more, none of them with a brand. */
export type Bank = readonly BankPicture[];

/** One bank picture in so many is held out: thresholds come from those. */
const HELD_OUT_EVERY = 4;

export const heldOutBank = (bank: Bank): Bank => bank.filter((_, i) => i % HELD_OUT_EVERY === 0);
export const trainingBank = (bank: Bank): Bank => bank.filter((_, i) => i % HELD_OUT_EVERY !== 0);

/** The bank that belongs to the shipped trunk. Errors: model-missing, model-damaged. */
export async function loadBank(folder: string = shippedTrunk().folder): Promise<Bank> {
  const damaged = (message: string, value: string): LogowatchError =>
    new LogowatchError('model-damaged', message, { value, remedy: 'Install logowatch again' });
  const path = join(folder, BANK_FILE);
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new LogowatchError('model-missing', 'The background bank is missing', {
      value: path,
      remedy: 'Install logowatch again',
      cause,
    });
  });
  const parsed = schema.safeParse(JSON.parse(text));
  if (!parsed.success) throw damaged('The background bank has another form', path);
  const { trunk, file, crops, places, sha256: hash } = parsed.data;
  if (trunk !== shippedTrunk().reference.weights.sha256)
    throw damaged('The background bank belongs to another trunk', path);
  const bytes = await readFile(join(folder, file));
  if (sha256(bytes) !== hash) throw damaged('The background bank differs from the file that was made', path);
  return decode(brotliDecompressSync(bytes), places, crops);
}

type Channel = readonly [mean: number, step: number];

const TOWER: Channel = [0, TOWER_STEP];
const LOGO: Channel = [0, LOGO_STEP];

/** Columns of the file, in order: the cell's channels, the crop's, the logo logit. */
const columnsOf = (crops: readonly Channel[]): Channel[] => [
  ...Array.from({ length: CELL_INPUTS }, () => TOWER),
  ...crops,
  LOGO,
];

function decode(bytes: Buffer, places: readonly number[], crops: readonly Channel[]): Bank {
  const columns = columnsOf(crops);
  const rows = places.reduce((sum, count) => sum + count, 0);
  const value = (column: number, row: number): number => {
    const [mean, step] = columns[column]!;
    return mean + bytes.readInt8(column * rows + row) * step;
  };
  let from = 0;
  return places.map((count) => {
    const first = from;
    from += count;
    const read = (column: number, width: number): Float32Array =>
      Float32Array.from({ length: count * width }, (_, i) =>
        value(column + (i % width), first + Math.floor(i / width)),
      );
    const labels = new Int16Array(count).fill(NO_BRAND);
    return {
      brands: [],
      unclear: false,
      cells: { data: read(0, CELL_INPUTS), labels },
      crops: { data: read(CELL_INPUTS, CROP_INPUTS), labels },
      logos: read(CELL_INPUTS + CROP_INPUTS, 1),
    };
  });
}

/** Writes bank.json and the values; row n of a picture's cells and of its crops are the same place. */
export async function saveBank(
  folder: string,
  pictures: Bank,
  sources: Readonly<Record<string, number>>,
): Promise<void> {
  const places = pictures.map((p) => p.cells.labels.length);
  const rows = places.reduce((sum, count) => sum + count, 0);
  const crops = Array.from({ length: CROP_INPUTS }, (_, i) => {
    const [mean, deviation] = moments(pictures.flatMap((p) => column(p.crops.data, i, CROP_INPUTS)));
    return [round(mean), round(Math.max(deviation, 1e-6) * CROP_STEP)] as const;
  });
  const binary = Buffer.alloc(rows * (CELL_INPUTS + CROP_INPUTS + 1));
  columnsOf(crops).forEach(([mean, step], c) => {
    const values = pictures.flatMap((p) =>
      c < CELL_INPUTS
        ? column(p.cells.data, c, CELL_INPUTS)
        : c < CELL_INPUTS + CROP_INPUTS
          ? column(p.crops.data, c - CELL_INPUTS, CROP_INPUTS)
          : [...p.logos],
    );
    values.forEach((v, row) => {
      binary.writeInt8(Math.max(-127, Math.min(127, Math.round((v - mean) / step))), c * rows + row);
    });
  });
  const compressed = brotliCompressSync(binary);
  await writeFile(join(folder, 'bank.bin.br'), compressed);
  const trunk = shippedTrunk().reference.weights.sha256;
  const manifest = { trunk, file: 'bank.bin.br', sha256: sha256(compressed), crops, places, sources };
  await writeFile(join(folder, BANK_FILE), `${JSON.stringify(manifest)}\n`);
}

const round = (v: number): number => Number(v.toPrecision(5));

const column = (data: Float32Array, at: number, width: number): number[] =>
  Array.from({ length: data.length / width }, (_, row) => data[row * width + at]!);

function moments(values: readonly number[]): [mean: number, deviation: number] {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return [mean, Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length)];
}
