import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { errnoCode, isDiskFull, LogowatchError } from '../../core/errors.js';
import type { FileReference, NetworkReference } from '../manifest.js';
import type { Network, Tensor } from '../network.js';
import { decodeFloat16, float32ToFloat16 } from './float16.js';
import { damaged } from './shapes.js';

/** `int8`: a byte a value, then a float32 scale for each output channel; see channelsOf. */
export type TensorType = 'float16' | 'float32' | 'int8';
const BYTES: Record<TensorType, number> = { float16: 2, float32: 4, int8: 1 };

const name = z.string().min(1);
const stride = z.union([z.literal(1), z.literal(2)]);
const activation = z.enum(['none', 'relu', 'relu6']);
const convolution = { name, input: name, stride, activation, weights: name, bias: name };
const layerSchema = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('conv'), ...convolution }),
  z.strictObject({ op: z.literal('depthwise'), ...convolution }),
  z.strictObject({ op: z.literal('add'), name, inputs: z.tuple([name, name]), activation }),
  z.strictObject({ op: z.literal('upsample'), name, input: name, like: name }),
]);
const placeSchema = z.strictObject({
  shape: z.array(z.int().positive()).min(1).max(4),
  dtype: z.enum(['float16', 'float32', 'int8']),
  /** Bytes from the start of the binary. */
  offset: z.int().nonnegative(),
});
const networkSchema = z.strictObject({
  layers: z.array(layerSchema).max(4096),
  tensors: z.record(z.string(), placeSchema),
  outputs: z.array(name),
});
type TensorPlace = z.infer<typeof placeSchema>;

export interface NetworkHashes {
  /** SHA-256, hex. */
  readonly layers: string;
  readonly weights: string;
}

/**
 * Reads a network's two files. With `expected` each file's SHA-256 is checked before it is used.
 * Errors: model-missing, model-damaged (names the file). A head alone is no whole network: it is checked when joined.
 */
export async function loadNetwork(
  layersPath: string,
  weightsPath: string,
  expected?: NetworkHashes,
): Promise<Network> {
  const text = await readChecked(layersPath, expected?.layers);
  const binary = await readChecked(weightsPath, expected?.weights);
  const parsed = networkSchema.safeParse(parseJson(text, layersPath));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw damaged(`Not a description of a network: ${issue?.path.join('.')}: ${issue?.message}`, layersPath);
  }
  const { layers, tensors: places, outputs } = parsed.data;
  const tensors = new Map<string, Tensor>();
  for (const [key, place] of Object.entries(places)) tensors.set(key, readTensor(binary, place, weightsPath));
  return { layers, tensors, outputs };
}

/** Writes `<basename>.json` and `<basename>.bin` into an existing folder. float32 unless said otherwise. */
export async function saveNetwork(
  network: Network,
  folder: string,
  fileBase: string,
  options: { readonly dtype?: TensorType } = {},
): Promise<NetworkReference> {
  const dtype = options.dtype ?? 'float32';
  const places: Record<string, TensorPlace> = {};
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [key, tensor] of network.tensors) {
    places[key] = { shape: [...tensor.shape], dtype, offset };
    const bytes = encodeTensor(tensor, dtype);
    parts.push(bytes);
    offset += bytes.length;
  }
  const { layers, outputs } = network;
  const text = `${JSON.stringify({ layers, tensors: places, outputs }, null, 1)}\n`;
  return {
    layers: await writeHashed(folder, `${fileBase}.json`, Buffer.from(text)),
    weights: await writeHashed(folder, `${fileBase}.bin`, Buffer.concat(parts)),
  };
}

export function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

/** The whole file, after its hash was found right. */
export async function readChecked(path: string, expected?: string): Promise<Buffer> {
  let data: Buffer;
  try {
    data = await readFile(path);
  } catch (cause) {
    const missing = errnoCode(cause) === 'ENOENT';
    throw new LogowatchError(
      'model-missing',
      missing ? 'A file of the model is missing' : 'Cannot read the model',
      {
        value: path,
        remedy: 'Check the path, or train or fetch the model again',
        cause,
      },
    );
  }
  if (expected !== undefined && sha256(data) !== expected.toLowerCase()) {
    throw damaged(`${basename(path)} is not the file that the model was made with (SHA-256 differs)`, path);
  }
  return data;
}

export function parseJson(data: Buffer, path: string): unknown {
  try {
    return JSON.parse(data.toString('utf8'));
  } catch {
    throw damaged('Not JSON', path);
  }
}

function readTensor(binary: Buffer, place: TensorPlace, path: string): Tensor {
  const { shape, dtype } = place;
  const count = shape.reduce((a, b) => a * b, 1);
  const scales = dtype === 'int8' ? scalesOffset(place.offset + count) : undefined;
  const end = scales === undefined ? place.offset + count * BYTES[dtype] : scales + 4 * channelsOf(shape);
  if (!Number.isSafeInteger(end) || end > binary.length)
    throw damaged('A tensor reaches past the end of the file', path);
  if (dtype === 'float16') return { shape, data: decodeFloat16(binary.subarray(place.offset, end)) };
  const data = new Float32Array(count);
  const channels = channelsOf(shape);
  for (let i = 0; i < count; i++) {
    data[i] =
      scales === undefined
        ? binary.readFloatLE(place.offset + 4 * i)
        : binary.readInt8(place.offset + i) * binary.readFloatLE(scales + 4 * (i % channels));
  }
  return { shape, data };
}

/** Output channels, which lie innermost: the last dimension, or of a depthwise [h, w, channels, 1] the one before. */
function channelsOf(shape: readonly number[]): number {
  const last = shape.at(-1)!;
  return shape.length === 4 && last === 1 ? shape[2]! : last;
}

/** The scales begin at the next multiple of 4. */
const scalesOffset = (end: number): number => Math.ceil(end / 4) * 4;

function encodeTensor({ shape, data: values }: Tensor, dtype: TensorType): Uint8Array {
  if (dtype === 'int8') return encodeInt8(values, channelsOf(shape));
  // Rounded up to 4 bytes, so that every offset is a multiple of 4.
  const bytes = Buffer.alloc(Math.ceil((values.length * BYTES[dtype]) / 4) * 4);
  for (let i = 0; i < values.length; i++) {
    if (dtype === 'float32') bytes.writeFloatLE(values[i]!, 4 * i);
    else bytes.writeUInt16LE(float32ToFloat16(values[i]!), 2 * i);
  }
  return bytes;
}

/** Symmetric: the greatest magnitude of a channel becomes 127. */
function encodeInt8(values: Float32Array, channels: number): Uint8Array {
  const scales = new Float32Array(channels);
  for (let i = 0; i < values.length; i++)
    scales[i % channels] = Math.max(scales[i % channels]!, Math.abs(values[i]!) / 127);
  const begin = scalesOffset(values.length);
  const bytes = Buffer.alloc(begin + 4 * channels);
  for (let i = 0; i < values.length; i++) {
    const scale = scales[i % channels]!;
    bytes.writeInt8(scale === 0 ? 0 : Math.round(values[i]! / scale), i);
  }
  for (const [c, scale] of scales.entries()) bytes.writeFloatLE(scale, begin + 4 * c);
  return bytes;
}

async function writeHashed(folder: string, file: string, data: Buffer): Promise<FileReference> {
  try {
    await writeFile(join(folder, file), data);
  } catch (cause) {
    const full = isDiskFull(cause);
    throw new LogowatchError(full ? 'disk-full' : 'internal', 'The model cannot be written', {
      value: join(folder, file),
      remedy: full ? 'Free some space' : 'Check that the folder can be written',
      cause,
    });
  }
  return { file, sha256: sha256(data) };
}
