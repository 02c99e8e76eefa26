import type { ContentRect } from '../../core/frame.js';
import { type Box, boxArea, iou } from '../../core/geometry.js';
import type { CropSource } from '../network/crop.js';
import { foreignUnfit } from './errors.js';
import type { BoxForm, ForeignInput, ForeignNetwork, ForeignTensor } from './foreign.js';
import { preprocess } from './preprocess.js';

/** Boxes under this score are not looked at: a detector gives thousands. */
const SCORE_MIN = 0.001;
const BOXES_MAX = 40;
const SAME_PLACE_IOU = 0.6;
const PROBABILITY_MIN = 1e-6;

export interface ForeignBox {
  /** Pixels of the picture, cut to its content. */
  readonly box: Box;
  /** Log-odds of every class. */
  readonly logits: Float32Array;
}

/** A box in pixels of the input, and every class's probability. */
interface Raw {
  readonly box: Box;
  readonly scores: Float32Array;
  readonly best: number;
}

/**
 * A user's detector. Forms of output:
 * - `yolov5`: [1, N, 5 + classes]: centre x, y, width, height (pixels of the input), objectness, a score a class
 * - `yolov8`: [1, 4 + classes, N]: the same without objectness, transposed
 * - `boxes`: boxes [N, 4], scores [N] and labels [N], as torchvision (x0, y0, x1, y1 in pixels) and the TensorFlow
 *   Object Detection API ([1, N, 4]: y0, x0, y1, x1 as shares) export them; labels count from 1
 */
export class ForeignBoxes {
  readonly #network: ForeignNetwork;
  readonly #input: ForeignInput;
  readonly #form: BoxForm;
  readonly #classes: number;
  #last: Promise<unknown> = Promise.resolve();

  constructor(network: ForeignNetwork, input: ForeignInput, form: BoxForm, classes: number) {
    this.#network = network;
    this.#input = input;
    this.#form = form;
    this.#classes = classes;
  }

  get engine(): string {
    return this.#network.engine;
  }

  /** The detector's boxes in one picture, best first, those on one another left out. */
  find(picture: CropSource): Promise<ForeignBox[]> {
    const result = this.#last.then(() => this.#find(picture));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#network.close();
  }

  async #find(picture: CropSource): Promise<ForeignBox[]> {
    const { content } = picture;
    const region = lookedAt(content, this.#input);
    const { data, dims } = preprocess(picture, [region], this.#input, this.#network.inputType);
    const raw = decodeBoxes(await this.#network.run(data, dims), this.#form, this.#classes, this.#input);
    raw.sort((a, b) => b.best - a.best);
    const kept: ForeignBox[] = [];
    const [kx, ky] = [region[2] / this.#input.width, region[3] / this.#input.height];
    for (const { box, scores } of raw) {
      if (kept.length === BOXES_MAX) break;
      const placed = cut(
        [region[0] + box[0] * kx, region[1] + box[1] * ky, box[2] * kx, box[3] * ky],
        content,
      );
      if (boxArea(placed) <= 0 || kept.some((other) => iou(other.box, placed) > SAME_PLACE_IOU)) continue;
      kept.push({ box: placed, logits: scores.map(logOdds) });
    }
    return kept;
  }
}

/** The whole content; with `keep`, widened to the input's aspect around its middle. */
function lookedAt({ x, y, width, height }: ContentRect, input: ForeignInput): Box {
  if (input.aspect === 'stretch') return [x, y, width, height];
  const aspect = input.width / input.height;
  const [w, h] = [Math.max(width, height * aspect), Math.max(height, width / aspect)];
  return [x + (width - w) / 2, y + (height - h) / 2, w, h];
}

const logOdds = (p: number): number => {
  const q = Math.min(1 - PROBABILITY_MIN, Math.max(PROBABILITY_MIN, p));
  return Math.log(q / (1 - q));
};

function cut([x, y, w, h]: Box, c: ContentRect): Box {
  const [x0, y0] = [Math.max(c.x, x), Math.max(c.y, y)];
  const [x1, y1] = [Math.min(c.x + c.width, x + w), Math.min(c.y + c.height, y + h)];
  return [x0, y0, Math.max(0, x1 - x0), Math.max(0, y1 - y0)];
}

export function decodeBoxes(
  outputs: readonly ForeignTensor[],
  form: BoxForm,
  classes: number,
  input: { readonly width: number; readonly height: number },
): Raw[] {
  if (form === 'boxes') return decodeTriples(outputs, classes, input);
  const [output] = outputs;
  const [, a = 0, b = 0] = output?.dims ?? [];
  const [rows, columns] = form === 'yolov5' ? [a, b] : [b, a];
  const first = form === 'yolov5' ? 5 : 4;
  if (output === undefined || columns !== first + classes) throw unfit(outputs, form, classes);
  const at = (row: number, column: number): number =>
    output.data[form === 'yolov5' ? row * columns + column : column * rows + row]!;
  const found: Raw[] = [];
  for (let row = 0; row < rows; row++) {
    const objectness = form === 'yolov5' ? at(row, 4) : 1;
    if (objectness < SCORE_MIN) continue;
    const scores = Float32Array.from({ length: classes }, (_, k) => objectness * at(row, first + k));
    const best = Math.max(...scores);
    const [cx, cy, w, h] = [at(row, 0), at(row, 1), at(row, 2), at(row, 3)];
    if (best >= SCORE_MIN) found.push({ box: [cx - w / 2, cy - h / 2, w, h], scores, best });
  }
  return found;
}

function decodeTriples(
  outputs: readonly ForeignTensor[],
  classes: number,
  { width, height }: { readonly width: number; readonly height: number },
): Raw[] {
  // Some exports add raw boxes and counts: what belongs together has the same leading dimensions.
  const lead = (t: ForeignTensor): string => t.dims.slice(0, -1).join('x');
  const flatOf = (t: ForeignTensor) => outputs.filter((o) => o !== t && o.dims.join('x') === lead(t));
  const boxes = outputs.find((t) => t.dims.at(-1) === 4 && t.dims.length >= 2 && flatOf(t).length === 2);
  if (boxes === undefined) throw unfit(outputs, 'boxes', classes);
  const flat = flatOf(boxes);
  // Labels are whole numbers; scores hardly ever all are.
  const whole = (t: ForeignTensor): boolean => Array.from(t.data).every((v) => Number.isInteger(v));
  const [one, other] = flat as [ForeignTensor, ForeignTensor];
  const [labels, scores] = whole(one) ? [one, other] : [other, one];
  // Batched with a leading 1, shares of the picture, y first: the Object Detection API. Else torchvision.
  const shares = boxes.dims.length === 3;
  const found: Raw[] = [];
  for (let i = 0; i < labels.data.length; i++) {
    const p = [0, 1, 2, 3].map((j) => boxes.data[i * 4 + j]!);
    const [x0, y0, x1, y1] = shares
      ? [p[1]! * width, p[0]! * height, p[3]! * width, p[2]! * height]
      : (p as [number, number, number, number]);
    // Both count background as class 0.
    const label = labels.data[i]! - 1;
    const best = scores.data[i]!;
    if (best < SCORE_MIN || label < 0 || label >= classes) continue;
    const all = new Float32Array(classes);
    all[label] = best;
    found.push({ box: [x0, y0, x1 - x0, y1 - y0], scores: all, best });
  }
  return found;
}

function unfit(outputs: readonly ForeignTensor[], form: string, classes: number) {
  return foreignUnfit(
    `The detector's output is not of the form ${form} for ${classes} classes`,
    outputs.map((t) => t.dims.join('x')).join(', '),
    'Check --labels and --detector; docs/your-own-model.md lists the forms',
  );
}
