import type { Detection } from '../../core/detection.js';
import { describeError } from '../../core/errors.js';
import type { Box } from '../../core/geometry.js';
import type { Detector } from '../../infer/detector.js';
import { decodeImage, type LoadedImage, loadImage } from '../../infer/image.js';
import type { EvalPicture } from './pictures.js';

/** Pictures that go through the network together; as many more are decoded meanwhile. */
const BATCH = 4;
/** Detections are kept down to this score, for the precision-recall curve. */
const SCORE_MIN = 0.001;

/** What the model says to a picture. */
export interface Answer {
  readonly picture: EvalPicture;
  /** Pixels of the file, after its rotation. */
  readonly width: number;
  readonly height: number;
  /** By falling score; every brand's best is among them. Boxes are relative to the picture. */
  readonly detections: readonly Detection[];
}

export interface Looked {
  readonly answers: readonly Answer[];
  /** A line each: which file, and why. */
  readonly unreadable: readonly string[];
}

type Loaded = LoadedImage & { readonly picture: EvalPicture };

/** Looks at pictures as `detect --all` does. A picture that cannot be read is left out and named. */
export async function look(
  detector: Detector,
  pictures: readonly EvalPicture[],
  onPicture?: (done: number) => void,
): Promise<Looked> {
  const unreadable: string[] = [];
  const load = async (picture: EvalPicture): Promise<Loaded | undefined> => {
    const { source } = picture;
    const { inputs } = detector.model;
    try {
      const loaded = typeof source === 'string' ? loadImage(source, inputs) : decodeImage(source, inputs);
      return { picture, ...(await loaded) };
    } catch (error) {
      unreadable.push(describeError(error));
      return undefined;
    }
  };
  const batch = (start: number) => Promise.all(pictures.slice(start, start + BATCH).map(load));
  const answers: Answer[] = [];
  let coming = batch(0);
  for (let start = 0; start < pictures.length; start += BATCH) {
    const good = (await coming).filter((l) => l !== undefined);
    coming = batch(start + BATCH);
    const found = await detector.detect(
      good.map((l) => l.image),
      { all: true, minScore: SCORE_MIN, thorough: true },
    );
    good.forEach(({ picture, originalWidth: width, originalHeight: height }, i) => {
      answers.push({ picture, width, height, detections: found[i] ?? [] });
    });
    onPicture?.(Math.min(pictures.length, start + BATCH));
  }
  return { answers, unreadable };
}

/** The best detection; score 0 where there is none. */
export function topScore({ detections }: Answer): number {
  return detections[0]?.score ?? 0;
}

/** The best score is that of a brand in the picture. */
export function isRight({ picture, detections }: Answer): boolean {
  return detections[0] !== undefined && picture.labels.includes(detections[0].label);
}

export function bestOf({ detections }: Answer, label: string): Detection | undefined {
  return detections.find((d) => d.label === label);
}

/** What would be reported: brands whose best score reaches the model's own threshold. */
export function reported({ detections }: Answer): string[] {
  return [...new Set(detections.filter((d) => d.confident).map((d) => d.label))];
}

/** A box in pixels of the picture as relative to it. */
export function relativeBox([x, y, w, h]: Box, width: number, height: number): Box {
  return [x / width, y / height, w / width, h / height];
}
