import { availableParallelism } from 'node:os';
import type { Detection } from '../core/detection.js';
import type { DetectOptions, Detector, DetectorImage, ModelInfo } from './detector.js';
import { createEngine } from './engines/create.js';
import type { Engine, EngineKind } from './engines/engine.js';
import { ForeignBoxes } from './foreign/boxes.js';
import { brandLogits, ForeignClassifier } from './foreign/classifier.js';
import type { ForeignNetwork, ForeignOutput } from './foreign/foreign.js';
import { openForeign } from './foreign/open.js';
import { type LookedAt, lookedAt, windowFor } from './foreign/places.js';
import { fuse, type VerifiedCandidate } from './fusion.js';
import { loadReferenced, trunkFolder, VERIFY_OUTPUTS } from './model/load.js';
import { frameLevels } from './model/onset.js';
import { parseWrapped, readForeign, type WrappedManifest } from './model/wrapped.js';
import { joinNetworks, withOutputs } from './network/compose.js';
import { sha256 } from './network/files.js';
import { lookAtBoxes } from './network/second-look.js';
import { HEAD_STRIDES, type Network, placeLayer } from './network.js';
import { greyPicture, warmedUp } from './warm-up.js';

export interface WrappedOptions {
  readonly kind: EngineKind;
  readonly threads?: number | undefined;
}

/** A place with what the user's network said there, before any calibration. */
export interface ForeignPlace extends LookedAt {
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
  return warmedUp(await createWrapped({ manifest, trunk, head, foreign }, sha256(bytes), options));
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
    const verify = head && (await engine(joinNetworks(trunk, head, VERIFY_OUTPUTS)));
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
  readonly batchSize = 1;
  readonly #manifest: WrappedManifest;
  readonly #engines: Engines;
  readonly #channels: readonly number[];

  constructor(manifest: WrappedManifest, hash: string, engines: Engines) {
    const { id, brands, inputs, temporal } = manifest;
    const engine = engines.finder.engine;
    const labels = brands.map((b) => b.label);
    const levels = frameLevels(manifest);
    this.model = {
      id,
      hash,
      labels,
      inputs,
      levels,
      engine,
      ...(temporal === undefined ? {} : { temporal }),
    };
    this.#manifest = manifest;
    this.#engines = engines;
    this.#channels = brands.map((b) => b.channel);
  }

  async detect(images: readonly DetectorImage[], options: DetectOptions = {}): Promise<Detection[][]> {
    const { brands, priorOdds } = this.#manifest;
    // Looks at a mark are not averaged: its places are distinct, so most marks have one, and thresholds are fitted to one.
    const fusion = { ...options, thorough: false };
    const results: Detection[][] = [];
    for (const image of images) {
      const candidates = (await this.looks(image, options)).map((p) => this.candidate(p));
      results.push(fuse(candidates, brands, priorOdds, image.content, fusion));
    }
    return results;
  }

  /** The places of one picture with what both networks say there, those of windows first. */
  async looks(
    image: DetectorImage,
    { thorough = false }: Pick<DetectOptions, 'thorough'> = {},
  ): Promise<ForeignPlace[]> {
    const { finder, verify } = this.#engines;
    const places =
      finder instanceof ForeignBoxes
        ? (await finder.find(image)).map(({ box, logits }) => ({ box, window: false, logo: 0, row: logits }))
        : await this.#classified(finder, image, thorough);
    const none = new Float32Array(this.#channels.length);
    const boxes = places.map((p) => p.box);
    const second = verify && (await lookAtBoxes(verify, image, boxes, VERIFY_OUTPUTS));
    return places.map((place, i) => ({ ...place, verify: second?.[i] ?? none }));
  }

  async #classified(finder: ForeignClassifier, image: DetectorImage, thorough: boolean) {
    const { width, height, data, content } = image;
    const maps = await this.#engines.look.run({ data, width, height, count: 1 });
    const places = lookedAt(maps, content, thorough);
    const { margin } = this.#manifest.foreign.input;
    const boxes = places.map(({ box, window }) => (window ? windowFor(box, margin) : box));
    const rows = await finder.rows(image, boxes);
    return places.map((place, i) => ({ ...place, row: rows[i]! }));
  }

  /** A place with one logit a brand of either network. */
  candidate(
    { box, window, logo, row, verify }: ForeignPlace,
    output: ForeignOutput = this.#manifest.foreign.output,
  ): VerifiedCandidate {
    const look =
      output.task === 'classifier'
        ? brandLogits(row, output, this.#channels)
        : Float32Array.from(this.#channels, (k) => row[k]!);
    return { box, window, ownLook: true, logo, look, verify };
  }

  async warmUp(): Promise<void> {
    await this.looks(greyPicture(this.model));
  }

  async close(): Promise<void> {
    const { look, verify, finder } = this.#engines;
    await Promise.all([look.close(), verify?.close(), finder.close()]);
  }
}
