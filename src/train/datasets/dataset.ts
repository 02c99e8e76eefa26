import { LogowatchError } from '../../core/errors.js';
import type { Box } from '../../core/geometry.js';

export interface LabelledBox {
  readonly label: string;
  /** Pixels of the picture. */
  readonly box: Box;
}

export interface DatasetImage {
  readonly file: string;
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly LabelledBox[];
  /** The box is a guess (the whole picture, until the logo was looked for), because the data set names the brand alone. */
  readonly weak: boolean;
}

export interface ArtFile {
  readonly label: string;
  readonly file: string;
}

/** What a user brings, whatever the format. */
export interface Dataset {
  readonly format: string;
  readonly root: string;
  /** Sorted; the order of the head's outputs. */
  readonly brands: readonly string[];
  readonly images: readonly DatasetImage[];
  /** Vector or transparent logos, to be composed into scenes. */
  readonly art: readonly ArtFile[];
  /** Pictures without any of the brands. */
  readonly negatives: readonly string[];
}

export interface DatasetReader {
  readonly format: string;
  /** Whether a folder looks like this format; cheap, throws nothing. */
  matches(root: string): Promise<boolean>;
  read(root: string): Promise<Dataset>;
}

export function invalid(message: string, value: string, remedy: string, cause?: unknown): LogowatchError {
  return new LogowatchError('dataset-invalid', message, { value, remedy, cause });
}

export interface DatasetCounts {
  readonly images: number;
  readonly boxes: number;
  readonly weak: number;
  readonly art: number;
}

export function countByBrand(dataset: Dataset): Map<string, DatasetCounts> {
  const counts = new Map(dataset.brands.map((b) => [b, { images: 0, boxes: 0, weak: 0, art: 0 }]));
  for (const image of dataset.images) {
    for (const label of new Set(image.boxes.map((b) => b.label))) {
      const count = counts.get(label);
      if (!count) continue;
      count.images++;
      count.boxes += image.boxes.filter((b) => b.label === label).length;
      if (image.weak) count.weak++;
    }
  }
  for (const { label } of dataset.art) {
    const count = counts.get(label);
    if (count) count.art++;
  }
  return counts;
}

/** One line: what was found, so that a user sees at once when a folder was misread. */
export function describeDataset(dataset: Dataset): string {
  const parts = [...countByBrand(dataset)].map(([label, c]) => {
    const what = [
      c.boxes - c.weak > 0 ? `${c.boxes - c.weak} boxes` : '',
      c.weak > 0 ? `${c.weak} photos without boxes` : '',
      c.art > 0 ? `${c.art} art` : '',
    ].filter(Boolean);
    return `${label} (${what.join(', ')})`;
  });
  const negatives =
    dataset.negatives.length > 0 ? `; ${dataset.negatives.length} pictures without a logo` : '';
  return `${dataset.format}: ${dataset.brands.length} brands: ${parts.join(', ')}${negatives}`;
}
