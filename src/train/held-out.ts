import { iou } from '../core/geometry.js';
import { evidence, evidences, type VerifiedCandidate } from '../infer/fusion.js';
import type { BrandCalibration, ModelManifest } from '../infer/manifest.js';
import { LOOK_OUTPUTS, VERIFY_OUTPUTS } from '../infer/model/load.js';
import { joinNetworks } from '../infer/network/compose.js';
import type { Network } from '../infer/network.js';
import { createNetworkDetector, type NetworkDetector } from '../infer/network-detector.js';
import type { Bank } from './bank.js';
import type { NegativePicture, PlaceSample } from './calibrate.js';
import { PRIOR_ODDS } from './calibrate.js';
import { type ComposedFrame, FRAME_SHAPES } from './compose/composer.js';
import type { Mlp, Parameters } from './head/mlp.js';
import { type FrameScores, quantile } from './metrics.js';
import { showsNothingOf } from './places.js';
import { CELL_INPUTS, CROP_INPUTS } from './samples.js';

/** While calibrating, places of nearly no promise are looked at too. */
const CANDIDATE_LOGIT_FREE = -8;
const CANDIDATE_LOGIT_RANGE = { low: -8, high: -1 };
/** Share of the recognised logos that may lie below it, and how many tell it. */
const CANDIDATES_LOST = 0.01;
const KNOWN_MIN = 10;
/** Overlap with a logo from which a place shows it. */
const SHOWN_IOU = 0.4;

/** Held-out frames come from a stream of their own. */
export const HELD_OUT_SEED = 0x6e1d;

export interface HeldOutFrame {
  readonly frame: Pick<ComposedFrame, 'targets'>;
  readonly places: readonly VerifiedCandidate[];
}

/** The production detector with heads just fitted, not calibrated yet. */
export async function uncalibratedDetector(
  trunk: Network,
  head: Network,
  labels: readonly string[],
): Promise<NetworkDetector> {
  const reference = { file: 'none', sha256: '' };
  const network = { layers: reference, weights: reference };
  const manifest: ModelManifest = {
    format: 2,
    id: 'uncalibrated',
    createdAt: '',
    inputs: FRAME_SHAPES.map(({ width, height }) => ({ width, height })),
    trunk: network,
    head: network,
    brands: labels.map((label) => ({ label, logo: 0.5, look: 0.5, verify: 0.5, offset: 0, threshold: 0.5 })),
    priorOdds: PRIOR_ODDS,
    candidateLogit: CANDIDATE_LOGIT_FREE,
  };
  const info = { id: manifest.id, hash: '', labels, inputs: manifest.inputs };
  const look = joinNetworks(trunk, head, LOOK_OUTPUTS);
  const verify = joinNetworks(trunk, head, VERIFY_OUTPUTS);
  return createNetworkDetector({ manifest, look, verify, info }, { kind: 'onnx-f32' });
}

/** What the detector sees in a composed frame. */
export async function lookAt(detector: NetworkDetector, frame: ComposedFrame): Promise<HeldOutFrame> {
  const { width, height, data, targets } = frame;
  const content = { x: 0, y: 0, width, height };
  const [places] = await detector.places([{ width, height, data, content }], { all: true, thorough: true });
  return { frame: { targets }, places: places! };
}

/** One sample a place and brand; where a place shows a brand in part, nothing is known. */
export function placeSamples(frames: readonly HeldOutFrame[], brandCount: number): PlaceSample[] {
  return frames.flatMap(({ frame, places }) =>
    places.flatMap(({ box, logo, look, verify }) =>
      Array.from({ length: brandCount }, (_, brand) => brand).flatMap((brand): PlaceSample[] => {
        const own = frame.targets.filter((t) => t.brand === brand);
        const shown = own.some((t) => !t.ignore && iou(t.box, box) >= SHOWN_IOU);
        if (!shown && !own.every((t) => showsNothingOf(t.box, box))) return [];
        return [{ brand, logo, look: look[brand]!, verify: verify[brand]!, positive: shown }];
      }),
    ),
  );
}

/** Every place of a logo-free picture shows none of the brands. */
export function negativeSamples(pictures: readonly NegativePicture[], brandCount: number): PlaceSample[] {
  return pictures.flatMap((places) =>
    places.flatMap(({ logo, look, verify }) =>
      Array.from({ length: brandCount }, (_, brand) => ({
        brand,
        logo,
        look: look[brand]!,
        verify: verify[brand]!,
        positive: false,
      })),
    ),
  );
}

export function logoFree(frames: readonly HeldOutFrame[]): NegativePicture[] {
  return frames.filter((f) => f.frame.targets.length === 0).map((f) => f.places);
}

/** The bank's places through the heads; a row of its cells and of its crops is one place. */
export async function bankPictures(
  bank: Bank,
  look: { mlp: Mlp; parameters: Parameters },
  verify: { mlp: Mlp; parameters: Parameters },
): Promise<NegativePicture[]> {
  const rows = bank.reduce((n, p) => n + p.cells.labels.length, 0);
  const cells = new Float32Array(rows * CELL_INPUTS);
  const crops = new Float32Array(rows * CROP_INPUTS);
  let at = 0;
  for (const picture of bank) {
    cells.set(picture.cells.data, at * CELL_INPUTS);
    crops.set(picture.crops.data, at * CROP_INPUTS);
    at += picture.cells.labels.length;
  }
  const [a, b] = [
    await look.mlp.logits(look.parameters, cells),
    await verify.mlp.logits(verify.parameters, crops),
  ];
  const k = look.mlp.shape.outputs;
  let row = 0;
  return bank.map((picture) =>
    Array.from(picture.logos, (logo) => {
      const [from, to] = [row * k, ++row * k];
      return { logo, look: a.slice(from, to), verify: b.slice(from, to) };
    }),
  );
}

/**
 * The logit from which a place is worth a second look: of the logos in held-out frames that a second look recognises,
 * nearly all have a place that reaches it and is recognised.
 */
export function candidateLogit(frames: readonly HeldOutFrame[], brands: readonly BrandCalibration[]): number {
  const known = marksOf(frames, (place, k) => reachesThreshold(brands[k]!, k, place));
  const marks = known.length >= KNOWN_MIN ? known : marksOf(frames, () => true);
  if (marks.length === 0) return CANDIDATE_LOGIT_RANGE.low;
  const low = quantile(marks, CANDIDATES_LOST);
  return Math.min(CANDIDATE_LOGIT_RANGE.high, Math.max(CANDIDATE_LOGIT_RANGE.low, low));
}

/** Of each logo that a place shows: the greatest logit of those places that count. */
function marksOf(
  frames: readonly HeldOutFrame[],
  counts: (place: VerifiedCandidate, brand: number) => boolean,
): number[] {
  return frames.flatMap(({ frame: { targets }, places }) =>
    targets.flatMap((target) => {
      const shown = places.filter(
        (p) => !target.ignore && !p.window && iou(target.box, p.box) >= SHOWN_IOU && counts(p, target.brand),
      );
      return shown.length === 0 ? [] : [Math.max(...shown.map((p) => p.logo + Math.max(...p.look)))];
    }),
  );
}

function reachesThreshold(brand: BrandCalibration, k: number, place: VerifiedCandidate): boolean {
  const least = Math.log(brand.threshold / (1 - brand.threshold)) - Math.log(PRIOR_ODDS);
  return evidence(brand, k, place) >= least;
}

/** The greatest evidence of every brand in each frame. */
export function frameScores(
  frames: readonly HeldOutFrame[],
  brands: readonly BrandCalibration[],
): FrameScores[] {
  return frames.map(({ frame: { targets }, places }) => {
    const shown = [...new Set(targets.filter((t) => !t.ignore).map((t) => t.brand))];
    const logits = Float32Array.from(brands, (brand, k) =>
      Math.max(-50, ...evidences(places, brand, k, { thorough: true })),
    );
    return { logits, brands: shown, unclear: shown.length === 0 && targets.length > 0 };
  });
}
