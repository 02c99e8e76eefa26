import { LogowatchError } from '../../core/errors.js';
import type { ArtFile, Dataset, DatasetImage } from '../datasets/dataset.js';
import { type Negatives, readNegatives } from '../datasets/negatives.js';
import { readDataset } from '../datasets/read.js';
import { readExclusions } from './exclude.js';

export interface SourceOptions {
  readonly dataset: string;
  /** Folders of logo-free pictures and of unknown logos: see readNegatives. */
  readonly negatives?: readonly string[];
  /** A list of pictures to leave out of the negatives: see readExclusions. */
  readonly exclude?: string;
}

/** The user's files, sorted by what the model must say to them. */
export interface EvalSources {
  readonly format: string;
  /** Each holds a brand of the model. */
  readonly logos: readonly DatasetImage[];
  readonly art: readonly ArtFile[];
  readonly logoFree: readonly string[];
  /** Pictures of logos that are none of the model's. */
  readonly unknown: readonly string[];
  readonly excluded: { readonly listed: number; readonly leftOut: number };
  /** What a reader must know to read the figures. */
  readonly notes: readonly string[];
}

/** `labels` are the model's brands. Errors: dataset-invalid, image-unreadable, usage. */
export async function readSources(options: SourceOptions, labels: readonly string[]): Promise<EvalSources> {
  const dataset = await readDataset(options.dataset);
  const negatives = await readNegatives(options.negatives ?? []);
  const exclusions = await readExclusions(options.exclude);
  const known = new Set(labels);
  const holdsKnown = (image: DatasetImage): boolean => image.boxes.some((b) => known.has(b.label));
  const notes = strangerNotes(dataset, labels);
  const logos = dataset.images.filter(holdsKnown);
  const art = dataset.art.filter((a) => known.has(a.label));
  if (logos.length + art.length === 0) throw noBrandInCommon(dataset, labels);
  const misplaced = negatives.distractors.filter(holdsKnown).length;
  if (misplaced > 0)
    notes.push(
      `${misplaced} pictures of --negatives are annotated with a brand of the model and were left out.`,
    );
  const taken = new Set(logos.map((i) => i.file));
  const logoFree = unique([...dataset.negatives, ...negatives.pictures], taken);
  const unknown = unique(unknownFiles(dataset, negatives, holdsKnown, known), taken);
  const kept = { logoFree: await exclusions.keep(logoFree), unknown: await exclusions.keep(unknown) };
  const leftOut = logoFree.length + unknown.length - kept.logoFree.length - kept.unknown.length;
  const listed = exclusions.listed.length;
  if (listed > 0)
    notes.push(
      `${leftOut} logo-free or unknown-logo pictures were left out by --exclude (${listed} are listed).`,
    );
  return { format: dataset.format, logos, art, ...kept, excluded: { listed, leftOut }, notes };
}

function unknownFiles(
  dataset: Dataset,
  negatives: Negatives,
  holdsKnown: (image: DatasetImage) => boolean,
  known: ReadonlySet<string>,
): string[] {
  return [
    ...dataset.images.filter((i) => !holdsKnown(i)).map((i) => i.file),
    ...dataset.art.filter((a) => !known.has(a.label)).map((a) => a.file),
    ...negatives.distractors.filter((i) => !holdsKnown(i)).map((i) => i.file),
    ...negatives.art.map((a) => a.file),
  ];
}

function unique(files: readonly string[], taken: Set<string>): string[] {
  const kept: string[] = [];
  for (const file of files) {
    if (taken.has(file)) continue;
    taken.add(file);
    kept.push(file);
  }
  return kept;
}

function strangerNotes(dataset: Dataset, labels: readonly string[]): string[] {
  const strangers = dataset.brands.filter((b) => !labels.includes(b));
  const absent = labels.filter((l) => !dataset.brands.includes(l));
  const notes: string[] = [];
  if (strangers.length > 0)
    notes.push(`The model does not know ${strangers.join(', ')}: their pictures count as unknown logos.`);
  if (absent.length > 0) notes.push(`The data set holds nothing of ${absent.join(', ')}.`);
  return notes;
}

function noBrandInCommon(dataset: Dataset, labels: readonly string[]): LogowatchError {
  return new LogowatchError('dataset-invalid', 'The data set holds none of the brands of the model', {
    value: `${dataset.root}: ${dataset.brands.join(', ')}`,
    remedy: `Name the classes as the model does: ${labels.join(', ')}`,
  });
}
