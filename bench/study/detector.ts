import { join } from 'node:path';
import type { Detector, DetectorImage } from '../../src/infer/detector.js';
import { loadImage } from '../../src/infer/image.js';
import { shippedTrunk } from '../../src/infer/network/shipped.js';
import { createDetector } from '../../src/infer/network-detector.js';
import { PictureCache } from '../../src/train/compose/cache.js';
import { isFile } from '../../src/train/datasets/files.js';
import { trainModel } from '../../src/train/train.js';
import { frameKey } from './bank.js';
import { hashOf, type WorkCache } from './cache.js';
import type { StudyData } from './data.js';
import { composeFrame, HEIGHT, WIDTH } from './frames.js';
import type { Verdict, Verdicts } from './measures.js';
import type { Report } from './progress.js';
import { GROUPS, type Group, type Plans, SETS, type TestSet } from './tests.js';

/** Pictures decoded ahead of the network. */
const AHEAD = 4;

/** The product's `train` with its defaults on the same pictures, once; a later run finds the model. */
export async function trainDetector(
  data: StudyData,
  cache: WorkCache,
  report: Report,
  signal: AbortSignal,
): Promise<string> {
  const at = (...parts: string[]): string => join(data.root, ...parts);
  const { logos, scenes, unknown } = data.train;
  const files = [...logos.map((i) => i.file), ...scenes, ...unknown.map((i) => i.file)];
  const key = hashOf(
    shippedTrunk().reference.weights.sha256,
    ...(await Promise.all(files.map((f) => cache.contentOf(f)))),
  );
  const output = join(cache.folder, `detector-${key}`);
  if (await isFile(join(output, 'model.json'))) return output;
  await trainModel({
    dataset: at('logos', 'train'),
    negatives: [at('no-logo', 'train'), at('unknown-logos', 'train')],
    output,
    id: 'study',
    signal,
    onProgress: ({ phase, done, total }) => report(`detector, ${phase}`, done, total),
  });
  return output;
}

/** What a detector says of all test pictures: its surest brand and that brand's log-likelihood ratio. */
export async function judgeByDetector(
  model: string,
  data: StudyData,
  plans: Plans,
  cache: WorkCache,
  report: Report,
): Promise<{ name: string; verdicts: Record<TestSet, Verdicts> }> {
  const detector = await createDetector(model);
  try {
    const { labels, id, engine } = detector.model;
    const index = labels.map((label) => data.brands.indexOf(label));
    const judged = {} as Record<TestSet, Record<Group, Verdict[]>>;
    for (const set of SETS) {
      judged[set] = { logo: [], free: [], unknown: [] };
      for (const group of GROUPS) {
        const { key, count, image } = await pictures(set, group, data, plans, cache, detector);
        const name = `detector on ${set}, ${group}`;
        judged[set][group] = await cache.json(hashOf('detector 1', detector.model.hash, engine, key), () =>
          detectAll(detector, count, image, index, (done) => report(name, done, count)),
        );
      }
    }
    return { name: `${id} (${engine})`, verdicts: judged };
  } finally {
    await detector.close();
  }
}

interface Pictures {
  readonly key: string;
  readonly count: number;
  image(index: number): Promise<DetectorImage>;
}

async function pictures(
  set: TestSet,
  group: Group,
  data: StudyData,
  plans: Plans,
  cache: WorkCache,
  detector: Detector,
): Promise<Pictures> {
  if (set === 'photos') {
    const { logos, scenes, unknown } = data.test;
    const paths = { logo: logos.map((i) => i.file), free: scenes, unknown: unknown.map((i) => i.file) }[
      group
    ];
    return {
      key: hashOf(...(await Promise.all(paths.map((f) => cache.contentOf(f))))),
      count: paths.length,
      image: async (i) => (await loadImage(paths[i]!, detector.model.inputs)).image,
    };
  }
  const cachedPictures = new PictureCache();
  const chosen = plans[group];
  return {
    key: hashOf(...(await Promise.all(chosen.map((p) => frameKey(p, cache))))),
    count: chosen.length,
    image: async (i) => ({
      ...(await composeFrame(chosen[i]!, cachedPictures)),
      content: { x: 0, y: 0, width: WIDTH, height: HEIGHT },
    }),
  };
}

async function detectAll(
  detector: Detector,
  count: number,
  image: (index: number) => Promise<DetectorImage>,
  index: readonly number[],
  onPicture: (done: number) => void,
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  const { labels } = detector.model;
  for (let from = 0; from < count; from += AHEAD) {
    const images = await Promise.all(
      Array.from({ length: Math.min(AHEAD, count - from) }, (_, i) => image(from + i)),
    );
    for (const found of await detector.detect(images, { all: true })) {
      // The score grows with the ratio, but rounds to 1.
      const best = found.reduce((a, b) => (b.llr > a.llr ? b : a));
      verdicts.push({ score: best.llr, brand: index[labels.indexOf(best.label)] ?? -1 });
    }
    onPicture(verdicts.length);
  }
  return verdicts;
}
