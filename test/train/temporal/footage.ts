import type { Detection, DetectionRecord } from '../../../src/core/detection.js';
import type { Box } from '../../../src/core/geometry.js';
import { Rng } from '../../../src/train/rng.js';

export interface LookAlikes {
  /** Per hour of media time. */
  readonly perHour: number;
  /** Level of one look-alike: normal; nats. It keeps its level, frames tremble about it by `noise`. */
  readonly mean: number;
  readonly spread: number;
  readonly noise: number;
  /** Mean stay, exponential; seconds. */
  readonly staysS: number;
}

const INTERVAL_MS = 200;
/** As the test's models have it. */
const CONFIDENT_LLR = 3;

/** Logo-free footage at 5 Hz in which things now and then look like a brand, each standing at a place of its own. */
export function footage(
  hours: number,
  brands: Readonly<Record<string, LookAlikes>>,
  seed: number,
): DetectionRecord[] {
  const rng = new Rng(seed);
  const frames = Math.round((hours * 3_600_000) / INTERVAL_MS);
  const at = { streamId: 'tv', session: 's', clock: 'file' as const };
  const records: DetectionRecord[] = [{ ...at, kind: 'session-opened', ptsUs: 0, wallTimeMs: 0 }];
  let standing: { label: string; level: number; noise: number; until: number; box: Box }[] = [];
  for (let frame = 0; frame < frames; frame++) {
    for (const [label, kind] of Object.entries(brands)) {
      if (!rng.chance((kind.perHour * INTERVAL_MS) / 3_600_000)) continue;
      const stay = (-Math.log(1 - rng.next()) * kind.staysS * 1000) / INTERVAL_MS;
      standing.push({
        label,
        level: kind.mean + kind.spread * rng.normal(),
        noise: kind.noise,
        until: frame + Math.max(1, Math.round(stay)),
        box: [rng.uniform(0, 0.85), rng.uniform(0, 0.85), 0.1, 0.1],
      });
    }
    standing = standing.filter((s) => s.until > frame);
    const detections = standing.flatMap(({ label, level, noise, box }): Detection[] => {
      const llr = level + noise * rng.normal();
      const score = 1 / (1 + Math.exp(4.6 - llr));
      return llr < 0 ? [] : [{ label, llr, score, confident: llr >= CONFIDENT_LLR, box }];
    });
    records.push({
      ...at,
      kind: 'detections',
      ptsUs: frame * INTERVAL_MS * 1000,
      wallTimeMs: frame * INTERVAL_MS,
      seq: frame,
      ageMs: 0,
      shotCut: false,
      modelId: 'm',
      modelHash: 'h',
      detections,
    });
  }
  return records;
}
