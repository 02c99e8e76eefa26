import type { BrandCalibration, ModelManifest } from '../../infer/manifest.js';
import type { Network } from '../../infer/network.js';
import { exportHead, importHead } from '../head/export.js';
import { joinHeads, withoutOutput } from '../head/merge.js';
import type { Parameters } from '../head/mlp.js';

interface Heads {
  readonly look: Parameters;
  readonly verify: Parameters;
}

/** A model with a brand more, before it is known how its 8 bits are rounded. */
export interface MergedModel {
  readonly head: Network;
  readonly brands: readonly BrandCalibration[];
  /** Hidden units of the old head that went into the new one, in its order: those that are read. */
  readonly kept: { readonly look: readonly number[]; readonly verify: readonly number[] };
}

/** Puts a brand's heads beside a model's, in the place of a brand of that name if there is one. */
export function mergeBrand(
  oldHead: Network,
  oldBrands: readonly BrandCalibration[],
  added: Heads,
  brand: BrandCalibration,
): MergedModel {
  const old = importHead(oldHead);
  const replaced = oldBrands.findIndex((b) => b.label === brand.label);
  const look = keepOthers(old.look, replaced);
  const verify = keepOthers(old.verify, replaced);
  return {
    head: exportHead(joinHeads(look.parameters, added.look), joinHeads(verify.parameters, added.verify)),
    brands: [...oldBrands.filter((_, k) => k !== replaced), brand],
    kept: { look: look.hidden, verify: verify.hidden },
  };
}

function keepOthers(head: Parameters, replaced: number): ReturnType<typeof withoutOutput> {
  if (replaced >= 0) return withoutOutput(head, replaced);
  const units = head.get('b1')!.data.length;
  return { parameters: head, hidden: Array.from({ length: units }, (_, h) => h) };
}

export type Rounding = Pick<ModelManifest, 'ranges' | 'means' | 'cropRanges' | 'cropMeans'>;

/**
 * How the merged model is rounded to 8 bits: as before, so that the other brands' logits stay what they were, but for
 * the hidden layers, whose ranges also hold the new units' values and whose means go on with theirs.
 * @param measured of the merged network
 */
export function mergeRounding(old: Rounding, measured: Rounding, { head, kept }: MergedModel): Rounding {
  const hidden = (isHidden: (name: string) => boolean): string[] =>
    head.layers.map((l) => l.name).filter(isHidden);
  const look = hidden((name) => name.startsWith('brand.hidden'));
  const verify = hidden((name) => name.startsWith('verify.'));
  const ranges = mergeRanges(old.ranges, measured.ranges, look);
  const means = mergeMeans(old.means, measured.means, look, kept.look);
  const cropRanges = mergeRanges(old.cropRanges, measured.cropRanges, verify);
  const cropMeans = mergeMeans(old.cropMeans, measured.cropMeans, verify, kept.verify);
  return {
    ...(ranges && { ranges }),
    ...(means && { means }),
    ...(cropRanges && { cropRanges }),
    ...(cropMeans && { cropMeans }),
  };
}

function mergeRanges(
  old: Rounding['ranges'],
  measured: Rounding['ranges'],
  layers: readonly string[],
): Rounding['ranges'] {
  if (old === undefined) return undefined;
  const widened = layers.map((name) => {
    const [a, b] = [old[name] ?? measured?.[name] ?? [0, 0], measured?.[name] ?? old[name] ?? [0, 0]];
    return [name, [Math.min(a[0], b[0]), Math.max(a[1], b[1])] as const] as const;
  });
  return { ...old, ...Object.fromEntries(widened) };
}

function mergeMeans(
  old: Rounding['means'],
  measured: Rounding['means'],
  layers: readonly string[],
  kept: readonly number[],
): Rounding['means'] {
  if (old === undefined) return undefined;
  const merged = { ...old };
  for (const name of layers) {
    const [before, now] = [old[name], measured?.[name]];
    // A layer without means is rounded without that correction.
    if (before === undefined || now === undefined) delete merged[name];
    else merged[name] = [...kept.map((h) => before[h] ?? 0), ...now.slice(kept.length)];
  }
  return merged;
}
