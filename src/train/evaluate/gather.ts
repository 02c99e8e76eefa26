import type { DatasetImage } from '../datasets/dataset.js';
import { composedScene, UnknownComposer } from './composed.js';
import { FrameComposer } from './frames.js';
import { type EvalPicture, silentPicture } from './pictures.js';
import { type EvalSources, readSources, type SourceOptions } from './sources.js';

/** Composed logo-free pictures where the user brings none; of made-up marks half as many. */
const COMPOSED = 500;
/** Frames that stand in for photos where a data set is logo art alone. */
const ART_FRAMES = 240;
/** Under this many logo-free pictures the 1 % point is decided by two or three of them. */
const LOGO_FREE_FEW = 300;

export interface GatherOptions extends SourceOptions {
  /** Small-logo frames to compose; default none. */
  readonly frames?: number;
  /** Logo-free pictures to compose where none are brought. */
  readonly composed?: number;
  readonly seed?: number;
  readonly onComposed?: (done: number, total: number) => void;
}

export interface EvaluationSet extends Pick<EvalSources, 'format' | 'excluded' | 'notes'> {
  readonly pictures: readonly EvalPicture[];
  /** What the user brought nothing of. */
  readonly composed: { readonly logos: boolean; readonly logoFree: boolean; readonly unknown: boolean };
}

/** All pictures of an evaluation; logo-free ones and unknown logos are always among them. Errors: see readSources. */
export async function gather(options: GatherOptions, labels: readonly string[]): Promise<EvaluationSet> {
  const sources = await readSources(options, labels);
  const { logos, logoFree, unknown } = sources;
  const scenes = logoFree.length > 0 ? 0 : (options.composed ?? COMPOSED);
  const marks = unknown.length > 0 ? 0 : Math.ceil((options.composed ?? COMPOSED) / 2);
  const drawn = logos.length === 0;
  const frames = options.frames ?? (drawn ? ART_FRAMES : 0);
  const boxed = logos.filter((image) => !image.weak);
  const noFrames = frames > 0 && boxed.length + sources.art.length === 0;
  const composers = {
    frames: new FrameComposer(
      { labels, photos: boxed, art: sources.art, scenes: logoFree },
      options.seed ?? 1,
    ),
    marks: new UnknownComposer(logoFree, options.seed ?? 1),
  };
  const total = scenes + marks + (noFrames ? 0 : frames);
  let done = 0;
  const compose = async (
    count: number,
    make: (index: number) => Promise<EvalPicture | undefined>,
  ): Promise<EvalPicture[]> => {
    const made: EvalPicture[] = [];
    for (let i = 0; i < count; i++) {
      const picture = await make(i);
      if (picture !== undefined) made.push(picture);
      options.onComposed?.(++done, total);
    }
    return made;
  };
  const known = new Set(labels);
  const pictures = [
    ...logos.map((image) => logoPicture(image, known)),
    ...logoFree.map((file) => silentPicture('logo-free', file)),
    ...(await compose(scenes, (i) => composedScene(options.seed ?? 1, i))),
    ...unknown.map((file) => silentPicture('unknown', file)),
    ...(await compose(marks, (i) => composers.marks.picture(i))),
    ...(await compose(noFrames ? 0 : frames, (i) => composers.frames.picture(i, drawn ? 'logo' : 'frame'))),
  ];
  const composed = { logos: drawn, logoFree: scenes > 0, unknown: marks > 0 };
  const notes = [...sources.notes, ...composedNotes(composed, logoFree.length + scenes)];
  if (noFrames) notes.push('No frames were composed: they need boxes, or art of the logos.');
  return { format: sources.format, excluded: sources.excluded, pictures, composed, notes };
}

function logoPicture(image: DatasetImage, known: ReadonlySet<string>): EvalPicture {
  const { file, width, height, weak } = image;
  const boxes = image.boxes.filter((b) => known.has(b.label));
  const labels = [...new Set(boxes.map((b) => b.label))];
  const truth = weak ? undefined : { width, height, boxes };
  return { kind: 'logo', name: file, source: file, labels, truth };
}

function composedNotes(composed: EvaluationSet['composed'], logoFree: number): string[] {
  const notes: string[] = [];
  if (composed.logos)
    notes.push('The data set holds no photos: the logo pictures were composed from its art.');
  if (composed.logoFree)
    notes.push(
      'You brought no logo-free pictures: generated scenes stand in for them. They are easier than what a camera sees; bring pictures of your channels with --negatives.',
    );
  if (composed.unknown)
    notes.push(
      'You brought no unknown logos: made-up marks stand in for them. They are easier than other brands; bring some with --negatives (a COCO folder with categories).',
    );
  if (logoFree < LOGO_FREE_FEW)
    notes.push(
      `Only ${logoFree} logo-free pictures: the point of 1 % is decided by ${Math.max(1, Math.ceil(logoFree / 100))} of them.`,
    );
  if (logoFree < 1000)
    notes.push(
      `With ${logoFree} logo-free pictures the point of 0.1 % lies at the one that scores highest: look at it.`,
    );
  return notes;
}
