import { copyFile, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { errnoCode, LogowatchError } from '../core/errors.js';
import type { Box } from '../core/geometry.js';
import { CANDIDATES_FILE, VERDICTS, type Verdict } from './candidate.js';
import { replaceFile, writeError } from './store.js';

/** The category of boxes that were taken for a logo and are none. A class folder cannot have this name. */
export const NO_BRAND = 'no/brand';
const COCO_FILE = '_annotations.coco.json';
/** What an earlier `apply` may have left, and this one replaces. */
const OURS = /^(?:[0-9a-f]{12}\.jpg|_annotations\.coco\.json)$/;

const candidateSchema = z.object({
  id: z.string().regex(/^[0-9a-f]{12}$/),
  file: z.string().regex(/^frames\/[0-9a-f]{12}\.jpg$/),
  width: z.int().positive(),
  height: z.int().positive(),
  label: z.string().min(1),
  score: z.number(),
  box: z.tuple([z.number(), z.number(), z.number(), z.number()]),
});
export type Judged = z.infer<typeof candidateSchema>;
const verdictsSchema = z.strictObject({
  format: z.literal(1),
  verdicts: z.record(z.string(), z.enum(VERDICTS)),
});

export interface Part {
  readonly folder: string;
  readonly pictures: number;
  readonly boxes: number;
}

export interface ApplySummary {
  readonly negatives: Part;
  readonly positives: Part;
  /** Pictures in which a place is unsure or not judged. */
  readonly leftOut: number;
}

/**
 * Makes training material of verdicts: FOLDER/negatives, for `train --negatives`, with a COCO file of the places that
 * were taken for a logo; FOLDER/positives, a COCO data set of the places that are one. A picture is used when all that
 * was found in it is judged, and is a negative when none of it is a logo. Errors: dataset-invalid, usage, disk-full.
 */
export async function applyVerdicts(folder: string, verdictsFile: string): Promise<ApplySummary> {
  const candidates = await readCandidates(folder);
  const verdicts = await readVerdicts(verdictsFile, candidates);
  const pictures = new Map<string, Judged[]>();
  for (const c of candidates) pictures.set(c.file, [...(pictures.get(c.file) ?? []), c]);
  const negatives: Judged[] = [];
  const positives: Judged[] = [];
  let leftOut = 0;
  for (const found of pictures.values()) {
    const judged = new Set(found.map(({ id }) => verdicts.get(id)));
    if (judged.has(undefined) || judged.has('unsure')) leftOut++;
    else if (!judged.has('logo')) negatives.push(...found);
    else positives.push(...found.filter(({ id }) => verdicts.get(id) === 'logo'));
  }
  return {
    negatives: await writePart(folder, 'negatives', negatives, () => NO_BRAND),
    positives: await writePart(folder, 'positives', positives, ({ label }) => label),
    leftOut,
  };
}

export async function readCandidates(folder: string): Promise<Judged[]> {
  const path = join(folder, CANDIDATES_FILE);
  const lines = (await readText(path, 'Name the folder that `logowatch mine -o FOLDER` made')).split('\n');
  return lines.flatMap((line, i) => {
    if (line === '') return [];
    return parse(candidateSchema, line, `${path}, line ${i + 1}`, 'Mine again into a new folder');
  });
}

export async function readVerdicts(
  path: string,
  candidates: readonly Judged[],
): Promise<Map<string, Verdict>> {
  const remedy = 'Save it again from the page index.html of this folder';
  const text = await readText(path, 'Name the file that the page saved');
  const { verdicts } = parse(verdictsSchema, text, path, remedy);
  const known = new Set(candidates.map(({ id }) => id));
  const strange = Object.keys(verdicts).filter((id) => !known.has(id));
  if (strange.length > 0) {
    throw invalid('The verdicts belong to other candidates', `${path}: ${strange[0]}`, remedy);
  }
  return new Map(Object.entries(verdicts));
}

async function readText(path: string, remedy: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const missing = errnoCode(cause) === 'ENOENT';
    throw new LogowatchError('usage', missing ? 'There is no such file' : 'The file cannot be read', {
      value: path,
      remedy,
      cause,
    });
  }
}

function parse<T>(schema: z.ZodType<T>, text: string, where: string, remedy: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid('Not JSON', `${where}: ${(cause as Error).message}`, remedy);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw invalid('Not what was expected', `${where}: ${issue?.path.join('.')}: ${issue?.message}`, remedy);
}

function invalid(message: string, value: string, remedy: string): LogowatchError {
  return new LogowatchError('dataset-invalid', message, { value, remedy });
}

/** Pictures and their COCO file; what an earlier call left is replaced, what is not ours stays. */
async function writePart(
  folder: string,
  name: string,
  boxes: readonly Judged[],
  categoryOf: (box: Judged) => string,
): Promise<Part> {
  const part = join(folder, name);
  const pictures = [...new Map(boxes.map((b) => [b.file, b])).values()];
  try {
    for (const old of await readdir(part).catch(() => [])) if (OURS.test(old)) await rm(join(part, old));
    if (pictures.length > 0) {
      await mkdir(part, { recursive: true });
      for (const { file } of pictures) await copyFile(join(folder, file), join(part, basename(file)));
      await replaceFile(
        join(part, COCO_FILE),
        `${JSON.stringify(coco(pictures, boxes, categoryOf), null, 1)}\n`,
      );
    }
  } catch (cause) {
    throw cause instanceof LogowatchError ? cause : writeError(cause, part);
  }
  return { folder: part, pictures: pictures.length, boxes: boxes.length };
}

function coco(
  pictures: readonly Judged[],
  boxes: readonly Judged[],
  categoryOf: (box: Judged) => string,
): unknown {
  const names = [...new Set(boxes.map(categoryOf))].sort();
  const imageId = new Map(pictures.map(({ file }, i) => [file, i + 1]));
  const area = ([, , w, h]: Box) => w * h;
  return {
    images: pictures.map(({ file, width, height }, i) => ({
      id: i + 1,
      file_name: basename(file),
      width,
      height,
    })),
    categories: names.map((name, i) => ({ id: i + 1, name })),
    annotations: boxes.map((b, i) => ({
      id: i + 1,
      image_id: imageId.get(b.file),
      category_id: names.indexOf(categoryOf(b)) + 1,
      bbox: b.box,
      area: area(b.box),
      iscrowd: 0,
      // For people who read the file: what it was taken for.
      mined_as: b.label,
      mined_score: b.score,
    })),
  };
}
