import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { Box } from '../../core/geometry.js';
import { assemble, boxedImage, weakImage } from './boxes.js';
import { type Dataset, type DatasetImage, type DatasetReader, invalid } from './dataset.js';
import { isFile, isFolder, listFolder, mapLimited, readText } from './files.js';

const id = z.union([z.number(), z.string()]);
const schema = z.object({
  images: z.array(z.object({ id, file_name: z.string().min(1) })),
  annotations: z.array(
    z.object({ id: id.optional(), image_id: id, category_id: id, bbox: z.array(z.number()).length(4) }),
  ),
  categories: z.array(z.object({ id, name: z.string().min(1) })),
});
type Coco = z.infer<typeof schema>;

/** Boxes that `train` found in pictures without any, to be put beside them once they were looked through. */
export const FOUND_BOXES_FILE = 'boxes.coco.json';

/** COCO detection: JSON files beside the pictures, in a split folder (train/, valid/) or in annotations/. */
export const cocoReader: DatasetReader = {
  format: 'COCO',
  async matches(root) {
    return (await cocoFiles(root)).length > 0;
  },
  async read(root): Promise<Dataset> {
    const files = await cocoFiles(root);
    const images = (await Promise.all(files.map((file) => readOne(root, file)))).flat();
    const parts = assemble(images);
    if (parts.brands.length === 0)
      throw invalid('the annotations hold no box', files.join(', '), 'Annotate the logos with boxes');
    return { format: this.format, root, art: [], ...parts };
  },
};

/** The COCO files of a folder. A JSON file counts when it has the three lists at its top. */
export async function cocoFiles(root: string): Promise<string[]> {
  const found: string[] = [];
  const folders = [root];
  for (const name of await listFolder(root))
    if (await isFolder(join(root, name))) folders.push(join(root, name));
  for (const folder of folders) {
    for (const name of await listFolder(folder)) {
      if (!name.endsWith('.json') || name === FOUND_BOXES_FILE) continue;
      const file = join(folder, name);
      const text = await readText(file).catch(() => '');
      if (
        name === '_annotations.coco.json' ||
        ['images', 'annotations', 'categories'].every((k) => text.includes(`"${k}"`))
      )
        found.push(file);
    }
  }
  return found;
}

/** Pictures of one COCO file; those without annotations come with no boxes. */
export async function readCoco(
  root: string,
  file: string,
  { missing = 'error' }: { missing?: 'error' | 'skip' } = {},
): Promise<{ coco: Coco; images: DatasetImage[] }> {
  const coco = parse(file, await readText(file));
  const names = new Map(coco.categories.map((c) => [c.id, c.name]));
  const boxes = new Map<number | string, { label: string; box: Box; where: string }[]>();
  const known = new Set(coco.images.map((i) => i.id));
  for (const [index, a] of coco.annotations.entries()) {
    const where = `${file}, annotations[${index}]`;
    const label = names.get(a.category_id);
    if (label === undefined)
      throw invalid(
        'an annotation names an unknown category',
        `${where}.category_id = ${a.category_id}`,
        'Add the category or correct the id',
      );
    if (!known.has(a.image_id))
      throw invalid(
        'an annotation names an unknown image',
        `${where}.image_id = ${a.image_id}`,
        'Add the image or remove the annotation',
      );
    const list = boxes.get(a.image_id) ?? [];
    list.push({ label, box: a.bbox as unknown as Box, where });
    boxes.set(a.image_id, list);
  }
  const images = await mapLimited(coco.images, 8, async (image) => {
    const path = await locate(root, file, image.file_name);
    if (path !== undefined) return boxedImage(path, boxes.get(image.id) ?? []);
    if (missing === 'skip') return undefined;
    throw invalid(
      'a picture named by the annotations is missing',
      `${file}: ${image.file_name}`,
      `Put it at ${join(dirname(file), image.file_name)}`,
    );
  });
  return { coco, images: images.filter((i) => i !== undefined) };
}

async function readOne(root: string, file: string): Promise<DatasetImage[]> {
  const { coco, images } = await readCoco(root, file);
  if (coco.annotations.length > 0) return images;
  // Image-level labels only, as class folders inside a COCO file: the boxes are guesses.
  const names = new Set(coco.categories.map((c) => c.name));
  return mapLimited(images, 8, async (image, index) => {
    const label = coco.images[index]?.file_name.split('/')[0] ?? '';
    return names.has(label) ? weakImage(image.file, label) : image;
  });
}

function parse(file: string, text: string): Coco {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw invalid(
      'an annotation file is not JSON',
      `${file}: ${(cause as Error).message}`,
      'Export it again',
      cause,
    );
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path
    .map((p) => (typeof p === 'number' ? `[${p}]` : `.${String(p)}`))
    .join('')
    .replace(/^\./, '');
  throw invalid(
    'an annotation file is not COCO detection',
    `${file}, ${field || 'top level'}: ${issue?.message}`,
    'It needs images[{id, file_name}], annotations[{image_id, category_id, bbox}] and categories[{id, name}]',
  );
}

async function locate(root: string, file: string, name: string): Promise<string | undefined> {
  const split = file
    .slice(dirname(file).length + 1)
    .replace(/^instances_/, '')
    .replace(/\.json$/, '');
  const candidates = [
    join(dirname(file), name),
    join(root, name),
    join(root, 'images', name),
    join(root, 'images', split, name),
    join(root, split, name),
  ];
  for (const path of candidates) if (await isFile(path)) return path;
  return undefined;
}
