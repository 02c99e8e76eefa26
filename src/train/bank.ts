import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { LogowatchError } from '../core/errors.js';
import { sha256 } from '../infer/network/files.js';
import { shippedTrunk } from '../infer/network/shipped.js';
import { CELL_INPUTS, CROP_INPUTS, type FrameSamples, NO_BRAND } from './samples.js';

/**
 * The background bank: what the shipped network makes of the most logo-like places of thousands of varied pictures
 * (scenes, street text, interfaces, other logos), so that silence can be learned without pictures of one's own. Values
 * in 8 bits: towers 0..6 in 255 steps, crops by a scale a channel. No picture can be seen from it.
 */
const BANK_FILE = 'bank.json';
const TOWER_MAX = 6;
/** Steps of a logo logit, in a signed byte. */
const LOGO_STEPS = 8;
const ROW_BYTES = CELL_INPUTS + CROP_INPUTS + 1;

const schema = z.strictObject({
  /** SHA-256 of the trunk's weights that the values come from. */
  trunk: z.string(),
  file: z.literal('bank.bin'),
  sha256: z.string(),
  cropScales: z.array(z.number().positive()).length(CROP_INPUTS),
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
  const { trunk, file, cropScales, places, sha256: hash } = parsed.data;
  if (trunk !== shippedTrunk().reference.weights.sha256)
    throw damaged('The background bank belongs to another trunk', path);
  const bytes = await readFile(join(folder, file));
  if (sha256(bytes) !== hash) throw damaged('The background bank differs from the file that was made', path);
  return decode(bytes, places, cropScales);
}

function decode(bytes: Buffer, places: readonly number[], cropScales: readonly number[]): Bank {
  let row = 0;
  return places.map((count) => {
    const cells = new Float32Array(count * CELL_INPUTS);
    const crops = new Float32Array(count * CROP_INPUTS);
    const logos = new Float32Array(count);
    for (let n = 0; n < count; n++, row++) {
      const at = row * ROW_BYTES;
      logos[n] = bytes.readInt8(at + ROW_BYTES - 1) / LOGO_STEPS;
      for (let i = 0; i < CELL_INPUTS; i++) cells[n * CELL_INPUTS + i] = (bytes[at + i]! * TOWER_MAX) / 255;
      for (let i = 0; i < CROP_INPUTS; i++)
        crops[n * CROP_INPUTS + i] = bytes.readInt8(at + CELL_INPUTS + i) * cropScales[i]!;
    }
    const labels = new Int16Array(count).fill(NO_BRAND);
    return {
      brands: [],
      unclear: false,
      cells: { data: cells, labels },
      crops: { data: crops, labels },
      logos,
    };
  });
}

/** Writes bank.json and bank.bin; row n of a picture's cells and of its crops are the same place. */
export async function saveBank(
  folder: string,
  pictures: Bank,
  sources: Readonly<Record<string, number>>,
): Promise<void> {
  const peaks = new Float32Array(CROP_INPUTS);
  for (const { crops } of pictures)
    crops.data.forEach((v, i) => {
      peaks[i % CROP_INPUTS] = Math.max(peaks[i % CROP_INPUTS]!, Math.abs(v));
    });
  const cropScales = Array.from(peaks, (p) => Number((Math.max(p, 1e-6) / 127).toPrecision(5)));
  const parts: Buffer[] = [];
  for (const { cells, crops, logos } of pictures) {
    for (let n = 0; n < cells.labels.length; n++) {
      const row = Buffer.alloc(ROW_BYTES);
      for (let i = 0; i < CELL_INPUTS; i++)
        row[i] = Math.round((Math.min(TOWER_MAX, cells.data[n * CELL_INPUTS + i]!) / TOWER_MAX) * 255);
      for (let i = 0; i < CROP_INPUTS; i++) {
        const code = Math.round(crops.data[n * CROP_INPUTS + i]! / cropScales[i]!);
        row.writeInt8(Math.max(-127, Math.min(127, code)), CELL_INPUTS + i);
      }
      row.writeInt8(Math.max(-127, Math.min(127, Math.round(logos[n]! * LOGO_STEPS))), ROW_BYTES - 1);
      parts.push(row);
    }
  }
  const binary = Buffer.concat(parts);
  await writeFile(join(folder, 'bank.bin'), binary);
  const places = pictures.map((p) => p.cells.labels.length);
  const trunk = shippedTrunk().reference.weights.sha256;
  const manifest = { trunk, file: 'bank.bin', sha256: sha256(binary), cropScales, places, sources };
  await writeFile(join(folder, BANK_FILE), `${JSON.stringify(manifest)}\n`);
}
