import { basename, dirname, extname, join } from 'node:path';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { z } from 'zod';
import type { Box } from '../../core/geometry.js';
import { assemble, boxedImage } from './boxes.js';
import { type Dataset, type DatasetImage, type DatasetReader, invalid } from './dataset.js';
import { isFile, isPicture, listTree, mapLimited, readText } from './files.js';

const coordinate = z.coerce.number();
const schema = z.object({
  annotation: z.object({
    filename: z.coerce.string().optional(),
    object: z
      .array(
        z.object({
          name: z.coerce.string().min(1),
          bndbox: z.object({ xmin: coordinate, ymin: coordinate, xmax: coordinate, ymax: coordinate }),
        }),
      )
      .default([]),
  }),
});

/** Pascal VOC: an XML file a picture, in Annotations/ with the pictures in JPEGImages/, or beside the picture. */
export const vocReader: DatasetReader = {
  format: 'Pascal VOC',
  async matches(root) {
    const files = await listTree(root, (f) => f.endsWith('.xml'));
    return files.length > 0 && (await readText(files[0] as string)).includes('<annotation');
  },
  async read(root): Promise<Dataset> {
    const files = await listTree(root, (f) => f.endsWith('.xml'));
    const pictures = new Map((await listTree(root, isPicture)).map((f) => [f, basename(f)]));
    const images = await mapLimited(files, 8, (file) => readOne(root, file));
    const seen = new Set(images.map((i) => i.file));
    const parts = assemble(images);
    if (parts.brands.length === 0)
      throw invalid('no annotation holds an object', root, 'Annotate the logos with boxes');
    const unannotated = [...pictures.keys()].filter((f) => !seen.has(f));
    return { format: this.format, root, art: [], ...parts, negatives: [...parts.negatives, ...unannotated] };
  },
};

async function readOne(root: string, file: string): Promise<DatasetImage> {
  const text = await readText(file);
  const wellFormed = XMLValidator.validate(text);
  if (wellFormed !== true)
    throw invalid(
      'an annotation is not XML',
      `${file}, line ${wellFormed.err.line}: ${wellFormed.err.msg}`,
      'Export it again',
    );
  const parser = new XMLParser({ isArray: (name) => name === 'object', parseTagValue: false });
  const result = schema.safeParse(parser.parse(text));
  if (!result.success) {
    const issue = result.error.issues[0];
    throw invalid(
      'an annotation is not Pascal VOC',
      `${file}, ${issue?.path.join('.')}: ${issue?.message}`,
      'Correct or remove it',
    );
  }
  const { filename, object } = result.data.annotation;
  const picture = await locate(root, file, filename);
  const boxes = object.map((o, index) => {
    const { xmin, ymin, xmax, ymax } = o.bndbox;
    const box: Box = [xmin, ymin, xmax - xmin, ymax - ymin];
    return { label: o.name, box, where: `${file}, object ${index + 1}` };
  });
  return boxedImage(picture, boxes);
}

async function locate(root: string, file: string, filename: string | undefined): Promise<string> {
  const stem = basename(file, '.xml');
  const names = [
    filename === undefined ? '' : basename(filename),
    ...['.jpg', '.jpeg', '.png', '.webp'].map((e) => stem + e),
  ];
  const folders = [
    join(dirname(dirname(file)), 'JPEGImages'),
    dirname(file),
    join(dirname(dirname(file)), 'images'),
    root,
  ];
  for (const name of names.filter((n) => extname(n) !== ''))
    for (const folder of folders) if (await isFile(join(folder, name))) return join(folder, name);
  throw invalid(
    'the picture of an annotation is missing',
    `${file}: ${filename ?? stem}`,
    `Put it into ${folders[0]}`,
  );
}
