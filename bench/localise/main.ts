/**
 * How well `train` finds the logo in pictures without boxes: reads a boxed data set, throws its boxes away, looks for
 * the logos, and compares. Without boxes it says how many pictures are doubtful and how many are taken as close-ups.
 * One picture in ten is also put under the next brand, which it does not show: those should be doubtful.
 *
 *   npm run --silent build && node dist/bench/localise/main.js DATASET
 */
import { iou } from '../../src/core/geometry.js';
import { loadShippedTrunk } from '../../src/infer/network/shipped.js';
import { loadBank } from '../../src/train/bank.js';
import { Base } from '../../src/train/base.js';
import type { Dataset, DatasetImage } from '../../src/train/datasets/dataset.js';
import { readDataset } from '../../src/train/datasets/read.js';
import { type FoundPlace, localise } from '../../src/train/localise.js';

const FOUND_IOU = 0.5;
const PLANT_EVERY = 10;

/** A picture of several brands becomes one of each: what a class folder would hold. */
function withoutBoxes(dataset: Dataset): Dataset {
  const images = dataset.images.flatMap((image) =>
    [...new Set(image.boxes.map((b) => b.label))].map((label): DatasetImage => {
      const { file, width, height } = image;
      return { file, width, height, weak: true, boxes: [{ label, box: [0, 0, width, height] }] };
    }),
  );
  const planted = images.flatMap((image, n): DatasetImage[] => {
    const [own] = image.boxes;
    const shown = dataset.images.find((i) => i.file === image.file)!.boxes.map((b) => b.label);
    const label = dataset.brands[(dataset.brands.indexOf(own!.label) + 1) % dataset.brands.length]!;
    return n % PLANT_EVERY > 0 || shown.includes(label) ? [] : [{ ...image, boxes: [{ ...own!, label }] }];
  });
  return { ...dataset, images: [...images, ...planted], art: [] };
}

const percent = (part: number, of: number): string => (of === 0 ? '-' : `${Math.round((100 * part) / of)} %`);

function line(name: string, found: readonly FoundPlace[], truth: Dataset): string {
  const byFile = new Map(truth.images.map((i) => [i.file, i]));
  const boxed = found.some((f) => byFile.get(f.file)!.weak === false);
  const right = ({ file, label }: FoundPlace, box: FoundPlace['boxes'][number]): boolean =>
    byFile.get(file)!.boxes.some((b) => b.label === label && iou(b.box, box) >= FOUND_IOU);
  const sure = found.filter((f) => f.doubt === undefined);
  const share = (list: readonly FoundPlace[]): string =>
    boxed ? percent(list.filter((f) => right(f, f.boxes[0]!)).length, list.length) : '-';
  const wholes = found.filter((f) => right(f, [0, 0, f.width, f.height])).length;
  const closeUps = found.filter((f) => f.boxes[0]![2] * f.boxes[0]![3] > 0.999 * f.width * f.height).length;
  const extra = sure.flatMap((f) => f.boxes.slice(1).map((box) => right(f, box)));
  return [
    name,
    found.length,
    boxed ? percent(wholes, found.length) : '-',
    share(found),
    percent(found.length - sure.length, found.length),
    share(sure),
    percent(closeUps, found.length),
    boxed ? `${extra.filter(Boolean).length} of ${extra.length}` : `${extra.length}`,
  ].join(' | ');
}

const path = process.argv[2];
if (path === undefined) throw new Error('Name a data set');
const dataset = await readDataset(path);
const base = await Base.open(await loadShippedTrunk());
try {
  const found = await localise(withoutBoxes(dataset), {
    base,
    bank: await loadBank(),
    onPicture: (done, total) => done % 20 === 0 && process.stderr.write(`${done}/${total}\n`),
  });
  process.stdout.write(
    `brand | pictures | whole picture right | found right | doubtful | right of the others | close-ups | further boxes right\n`,
  );
  const shows = ({ file, label }: FoundPlace): boolean =>
    dataset.images.some((i) => i.file === file && i.boxes.some((b) => b.label === label));
  const own = found.filter(shows);
  const planted = found.filter((f) => !shows(f));
  for (const brand of dataset.brands) {
    process.stdout.write(
      `${line(
        brand,
        own.filter((f) => f.label === brand),
        dataset,
      )}\n`,
    );
  }
  process.stdout.write(`${line('all', own, dataset)}\n`);
  const doubtful = planted.filter((f) => f.doubt !== undefined).length;
  process.stdout.write(`under a wrong brand: ${planted.length}, of them doubtful: ${doubtful}\n`);
} finally {
  await base.close();
}
