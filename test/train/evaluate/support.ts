import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { loadIcon, markSvg } from '../../../src/demo/brands.js';

/** Where a mark lies on the pictures of this file, pixels. */
export const MARK_BOX = [200, 100, 160, 160] as const;

/** A picture of 640x360 in one colour, with a mark of simple-icons or without. */
export async function writePicture(file: string, hue: number, mark?: string): Promise<void> {
  mkdirSync(dirname(file), { recursive: true });
  const scene = sharp({
    create: { width: 640, height: 360, channels: 3, background: `hsl(${hue % 360}, 40%, 55%)` },
  });
  const [left, top, side] = MARK_BOX;
  const marks = mark === undefined ? [] : [Buffer.from(markSvg(await loadIcon(mark), 'plate', side))];
  await scene
    .composite(marks.map((input) => ({ input, left, top })))
    .jpeg()
    .toFile(file);
}

/** A folder with its COCO file: a picture a mark, boxed and named after it, and plain ones. */
export async function writeCoco(folder: string, marks: readonly string[], plain = 0): Promise<void> {
  const names = [...new Set(marks)];
  const files = [
    ...marks.map((mark, i) => ({ name: `${mark}-${i}.jpg`, mark })),
    ...Array.from({ length: plain }, (_, i) => ({ name: `plain-${i}.jpg`, mark: undefined })),
  ];
  for (const [i, { name, mark }] of files.entries()) await writePicture(join(folder, name), i * 47, mark);
  const coco = {
    images: files.map(({ name }, id) => ({ id, file_name: name })),
    categories: names.map((name, id) => ({ id, name })),
    annotations: marks.map((mark, id) => ({
      id,
      image_id: id,
      category_id: names.indexOf(mark),
      bbox: MARK_BOX,
    })),
  };
  writeFileSync(join(folder, '_annotations.coco.json'), JSON.stringify(coco));
}
