import { availableParallelism } from 'node:os';
import type { Detection } from '../core/detection.js';
import type { Box } from '../core/geometry.js';
import type { DetectOptions, Detector, DetectorImage, ModelInfo } from './detector.js';
import { createEngine } from './engines/create.js';
import type { Engine, EngineKind } from './engines/engine.js';
import { ForeignBoxes } from './foreign/boxes.js';
import { brandLogits, ForeignClassifier } from './foreign/classifier.js';
import type { ForeignNetwork, ForeignOutput } from './foreign/foreign.js';
import { openForeign } from './foreign/open.js';
import { fuse, type VerifiedCandidate } from './fusion.js';
import { loadReferenced, trunkFolder } from './model/load.js';
import { parseWrapped, readForeign, type WrappedManifest } from './model/wrapped.js';
import { joinNetworks, withOutputs } from './network/compose.js';
import { sha256 } from './network/files.js';
import { distinct, placesOf } from './network/places.js';
import { lookAtBoxes } from './network/second-look.js';
import { HEAD_STRIDES, type Network, placeLayer, VERIFY_LAYER } from './network.js';

/** Places of a picture that the user's classifier looks at, beside the whole picture. */
const PLACES_MAX = 8;

export interface WrappedOptions {
  readonly kind: EngineKind;
  readonly threads?: number | undefined;
}

/** A place with what the user's network said there, before any calibration. */
export interface ForeignPlace {
  readonly box: Box;
  /** A classifier's row as it is, or a detector's log-odds: one value a class. */
  readonly row: Float32Array;
  /** The second look's logits, one a brand; zeros without example pictures. */
  readonly verify: Float32Array;
}

/** A model folder of kind `wrapped`. Errors: model-missing, model-damaged, model-incompatible, engine-unavailable. */
export async function loadWrapped(
  folder: string,
  { path, bytes, value }: { path: string; bytes: Buffer; value: unknown },
  options: WrappedOptions,
): Promise<WrappedDetector> {
  const manifest = parseWrapped(value, path);
  const files = await readForeign(folder, manifest);
  const trunk = await loadReferenced(await trunkFolder(folder, manifest.trunk), manifest.trunk);
  const head = manifest.head === undefined ? undefined : await loadReferenced(folder, manifest.head);
  const { output } = manifest.foreign;
  const foreign = await openForeign(files, {
    threads: options.threads ?? Math.min(2, availableParallelism()),
    beforeSoftmax: output.task === 'classifier' && output.kind === 'logits',
  });
  const detector = await createWrapped({ manifest, trunk, head, foreign }, sha256(bytes), options);
  try {
    await detector.warmUp();
  } catch (error) {
    await detector.close();
    throw error;
  }
  return detector;
}

export interface WrappedParts {
  readonly manifest: WrappedManifest;
  readonly trunk: Network;
  readonly head: Network | undefined;
  readonly foreign: ForeignNetwork;
}

/** Takes the user's network over: it is closed with the detector. */
export async function createWrapped(
  { manifest, trunk, head, foreign }: WrappedParts,
  hash: string,
  { kind, threads }: WrappedOptions,
): Promise<WrappedDetector> {
  const { input, output } = manifest.foreign;
  const finder =
    output.task === 'classifier'
      ? new ForeignClassifier(foreign, input)
      : new ForeignBoxes(foreign, input, output.form, output.classes);
  const engine = (network: Network) =>
    createEngine(network, { kind, ...(threads === undefined ? {} : { threads }) });
  const open: { close(): Promise<void> }[] = [finder];
  try {
    const look = await engine(withOutputs(trunk, HEAD_STRIDES.map(placeLayer)));
    open.push(look);
    const verify = head && (await engine(joinNetworks(trunk, head, [VERIFY_LAYER])));
    return new WrappedDetector(manifest, hash, { look, verify, finder });
  } catch (error) {
    await Promise.all(open.map((o) => o.close()));
    throw error;
  }
}

interface Engines {
  /** Places by logoness. */
  readonly look: Engine;
  readonly verify: Engine | undefined;
  readonly finder: ForeignClassifier | ForeignBoxes;
}

/** The user's own network as a Detector: localised by ours, named by theirs, believed on fitted evidence. */
export class WrappedDetector implements Detector {
  readonly model: ModelInfo;
  readonly #manifest: WrappedManifest;
  readonly #engines: Engines;
  readonly #channels: readonly number[];

  constructor(manifest: WrappedManifest, hash: string, engines: Engines) {
    const { id, brands, inputs } = manifest;
    const engine = engines.finder.engine;
    this.model = { id, hash, labels: brands.map((b) => b.label), inputs, engine };
    this.#manifest = manifest;
    this.#engines = engines;
    this.#channels = brands.map((b) => b.channel);
  }

  async detect(images: readonly DetectorImage[], options: DetectOptions = {}): Promise<Detection[][]> {
    const { brands, priorOdds } = this.#manifest;
    const results: Detection[][] = [];
    for (const image of images) {
      const candidates = (await this.looks(image)).map((p) => this.candidate(p));
      results.push(preferPlaces(fuse(candidates, brands, priorOdds, image.content, options)));
    }
    return results;
  }

  /** The places of one picture with what both networks say there. The whole picture is a classifier's first place. */
  async looks(image: DetectorImage): Promise<ForeignPlace[]> {
    const { finder, verify, look } = this.#engines;
    let places: { box: Box; row: Float32Array }[];
    if (finder instanceof ForeignBoxes) {
      places = (await finder.find(image)).map(({ box, logits }) => ({ box, row: logits }));
    } else {
      const { width, height, data, content } = image;
      const maps = await look.run({ data, width, height, count: 1 });
      const sorted = placesOf(maps, content).sort((a, b) => b.logo - a.logo);
      const whole: Box = [content.x, content.y, content.width, content.height];
      const boxes = [whole, ...distinct(sorted, PLACES_MAX).map((p) => p.box)];
      const rows = await finder.rows(image, boxes);
      places = boxes.map((box, i) => ({ box, row: rows[i]! }));
    }
    const none = new Float32Array(this.#channels.length);
    const boxes = places.map((p) => p.box);
    const second = verify && (await lookAtBoxes(verify, image, boxes, VERIFY_LAYER));
    return places.map((place, i) => ({ ...place, verify: second?.[i] ?? none }));
  }

  /** A place with one logit a brand of either network. */
  candidate(
    { box, row, verify }: ForeignPlace,
    output: ForeignOutput = this.#manifest.foreign.output,
  ): VerifiedCandidate {
    const look =
      output.task === 'classifier'
        ? brandLogits(row, output, this.#channels)
        : Float32Array.from(this.#channels, (k) => row[k]!);
    return { box, look, verify };
  }

  async warmUp(): Promise<void> {
    const { width, height } = this.model.inputs[0]!;
    const content = { x: 0, y: 0, width, height };
    await this.looks({ width, height, content, data: new Uint8Array(width * height * 3).fill(127) });
  }

  async close(): Promise<void> {
    const { look, verify, finder } = this.#engines;
    await Promise.all([look.close(), verify?.close(), finder.close()]);
  }
}

/** Where a brand was found at a place, that it is in the whole picture says nothing more. */
function preferPlaces(found: readonly Detection[]): Detection[] {
  const isWhole = ({ box }: Detection): boolean => box[2] > 0.9999 && box[3] > 0.9999;
  return found.filter((d) => !isWhole(d) || !found.some((o) => o.label === d.label && !isWhole(o)));
}
