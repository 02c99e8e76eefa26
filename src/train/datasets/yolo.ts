import { dirname, extname, join, resolve, sep } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Box } from '../../core/geometry.js';
import { assemble, boxedImage } from './boxes.js';
import { type Dataset, type DatasetReader, invalid } from './dataset.js';
import {
  isFile,
  isFolder,
  isPicture,
  listFolder,
  listTree,
  mapLimited,
  pictureFacts,
  readText,
} from './files.js';

const places = z.union([z.string(), z.array(z.string())]);
const schema = z.object({
  path: z.string().optional(),
  train: places.optional(),
  val: places.optional(),
  names: z.union([z.array(z.string()), z.record(z.string(), z.string())]),
});

/** YOLO: data.yaml with names; images/**, and labels/** with a line a box: class cx cy w h (relative). */
export const yoloReader: DatasetReader = {
  format: 'YOLO',
  async matches(root) {
    return (await configFile(root)) !== undefined;
  },
  async read(root): Promise<Dataset> {
    const file = (await configFile(root)) as string;
    const { names, folders } = await readConfig(root, file);
    const pictures = [...new Set((await Promise.all(folders.map((f) => listTree(f, isPicture)))).flat())];
    if (pictures.length === 0)
      throw invalid('no pictures found', folders.join(', '), `Correct train: and val: in ${file}`);
    const images = await mapLimited(pictures, 8, (picture) => readPicture(picture, names));
    const parts = assemble(images);
    if (parts.brands.length === 0)
      throw invalid(
        'no label file holds a box',
        root,
        'Labels belong into labels/, named as the pictures in images/',
      );
    return { format: this.format, root, art: [], ...parts };
  },
};

async function configFile(root: string): Promise<string | undefined> {
  for (const name of await listFolder(root)) {
    if (!/\.ya?ml$/.test(name)) continue;
    const text = await readText(join(root, name)).catch(() => '');
    if (/^names\s*:/m.test(text)) return join(root, name);
  }
  return undefined;
}

async function readConfig(
  root: string,
  file: string,
): Promise<{ names: Map<number, string>; folders: string[] }> {
  let yaml: unknown;
  try {
    yaml = parse(await readText(file));
  } catch (cause) {
    throw invalid(
      'the data set file is not YAML',
      `${file}: ${(cause as Error).message}`,
      'Correct the line',
      cause,
    );
  }
  const config = schema.safeParse(yaml);
  if (!config.success) {
    const issue = config.error.issues[0];
    throw invalid(
      'the data set file is not YOLO',
      `${file}, ${issue?.path.join('.')}: ${issue?.message}`,
      'It needs names: and train:',
    );
  }
  const { names, path, train, val } = config.data;
  const entries = Array.isArray(names)
    ? names.map((n, i) => [i, n] as const)
    : Object.entries(names).map(([i, n]) => [Number(i), n] as const);
  const listed = [train, val].flat().filter((p): p is string => p !== undefined);
  const folders: string[] = [];
  for (const place of listed) {
    // Exporters write paths relative to the file, to `path`, or one level up; take the first that exists.
    const bare = place.replace(/^(\.\.\/)+/, '');
    const bases = [path === undefined ? root : resolve(root, path), root, join(root, 'images')];
    const tries = [...bases.map((b) => resolve(b, place)), ...bases.map((b) => join(b, bare))];
    const found = (await Promise.all(tries.map(async (t) => ((await isFolder(t)) ? t : undefined)))).find(
      Boolean,
    );
    if (found === undefined)
      throw invalid(
        'a folder named in the data set file is missing',
        `${file}: ${place}`,
        'Correct train: and val:',
      );
    folders.push(found);
  }
  if (folders.length === 0)
    folders.push((await isFolder(join(root, 'images'))) ? join(root, 'images') : root);
  return { names: new Map(entries), folders };
}

async function readPicture(picture: string, names: ReadonlyMap<number, string>) {
  const stem = picture.slice(0, -extname(picture).length);
  const inLabels = stem.replace(
    new RegExp(`\\${sep}images\\${sep}(?!.*\\${sep}images\\${sep})`),
    `${sep}labels${sep}`,
  );
  const beside = join(dirname(stem), `${stem.slice(dirname(stem).length + 1)}.txt`);
  for (const file of [`${inLabels}.txt`, beside]) {
    if (await isFile(file)) return boxedImage(picture, await readLabels(file, picture, names));
  }
  return boxedImage(picture, []);
}

async function readLabels(file: string, picture: string, names: ReadonlyMap<number, string>) {
  const { width, height } = await pictureFacts(picture);
  const boxes: { label: string; box: Box; where: string }[] = [];
  for (const [index, raw] of (await readText(file)).split('\n').entries()) {
    const line = raw.trim();
    if (line === '') continue;
    const where = `${file}, line ${index + 1}`;
    const [type, ...values] = line.split(/\s+/).map(Number);
    const label = names.get(type as number);
    if (label === undefined)
      throw invalid(
        'a label line names an unknown class',
        `${where}: ${line}`,
        `Classes are ${[...names.keys()].join(', ')}`,
      );
    const polygon = values.length >= 6 && values.length % 2 === 0;
    if (
      (values.length !== 4 && !polygon) ||
      !values.every((v) => Number.isFinite(v) && v >= -0.05 && v <= 1.05)
    )
      throw invalid(
        'a label line is not "class cx cy w h" with values from 0 to 1',
        `${where}: ${line}`,
        'Correct the line',
      );
    boxes.push({
      label,
      where,
      box: polygon ? polygonBox(values, width, height) : centreBox(values, width, height),
    });
  }
  return boxes;
}

function centreBox(values: readonly number[], width: number, height: number): Box {
  const [cx, cy, w, h] = values as [number, number, number, number];
  return [(cx - w / 2) * width, (cy - h / 2) * height, w * width, h * height];
}

function polygonBox(values: readonly number[], width: number, height: number): Box {
  const xs = values.filter((_, i) => i % 2 === 0);
  const ys = values.filter((_, i) => i % 2 === 1);
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return [x * width, y * height, (Math.max(...xs) - x) * width, (Math.max(...ys) - y) * height];
}
