import type { Box } from '../../core/geometry.js';
import { type DatasetImage, invalid, type LabelledBox } from './dataset.js';
import { pictureFacts } from './files.js';

/** A box that reaches further out than this is in the wrong unit or belongs to another picture. */
const OVERHANG_MAX = 0.05;
const SIDE_MIN_PX = 2;

/**
 * Cuts a box to its picture, and refuses one that is not a box of this picture.
 * @param where names the annotation for the reader: file and line or field
 */
export function checkedBox(box: Box, width: number, height: number, where: string): Box {
  const [x, y, w, h] = box;
  if (!box.every(Number.isFinite) || w <= 0 || h <= 0)
    throw invalid('a box has no area', `${where}: [${box.join(', ')}]`, 'Correct or remove this annotation');
  const overhang = Math.max(-x / width, -y / height, (x + w) / width - 1, (y + h) / height - 1);
  if (overhang > OVERHANG_MAX)
    throw invalid(
      `a box lies outside of its picture of ${width}x${height}`,
      `${where}: [${box.join(', ')}]`,
      'Check that the boxes are in pixels of this very picture (x, y, width, height)',
    );
  const x0 = Math.max(0, x);
  const y0 = Math.max(0, y);
  return [x0, y0, Math.min(width, x + w) - x0, Math.min(height, y + h) - y0];
}

/** A picture with its boxes checked; boxes under 2 px are left out, nothing can be learned from them. */
export async function boxedImage(
  file: string,
  boxes: readonly { label: string; box: Box; where: string }[],
): Promise<DatasetImage> {
  const { width, height } = await pictureFacts(file);
  const kept: LabelledBox[] = [];
  for (const { label, box, where } of boxes) {
    const cut = checkedBox(box, width, height, where);
    if (cut[2] >= SIDE_MIN_PX && cut[3] >= SIDE_MIN_PX) kept.push({ label, box: cut });
  }
  return { file, width, height, boxes: kept, weak: false };
}

/** A picture of which only the brand is known. */
export async function weakImage(file: string, label: string): Promise<DatasetImage> {
  const { width, height } = await pictureFacts(file);
  return { file, width, height, boxes: [{ label, box: [0, 0, width, height] }], weak: true };
}

/** Sorts pictures into those with boxes and backgrounds, and brands into one sorted list. */
export function assemble(images: readonly DatasetImage[]): {
  brands: string[];
  images: DatasetImage[];
  negatives: string[];
} {
  const brands = [...new Set(images.flatMap((i) => i.boxes.map((b) => b.label)))].sort();
  return {
    brands,
    images: images.filter((i) => i.boxes.length > 0),
    negatives: images.filter((i) => i.boxes.length === 0).map((i) => i.file),
  };
}
