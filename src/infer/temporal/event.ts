import { createHash } from 'node:crypto';
import type { Appearance, AppearanceState, EndReason } from '../../core/appearance.js';
import type { Box } from '../../core/geometry.js';
import { endUs } from './sighting.js';
import type { OpenAppearance, TemporalState } from './state.js';

/** The same appearance has the same id whenever it is computed: RFC 9562 version 8 (hash of its origin). */
export function appearanceId(streamId: string, session: string, label: string, startPtsUs: number): string {
  const origin = JSON.stringify([streamId, session, label, startPtsUs]);
  const bytes = createHash('sha256').update(origin).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [8, 12, 16, 20, 32].map((end, i, ends) => hex.slice(ends[i - 1] ?? 0, end)).join('-');
}

export function eventOf(
  stream: TemporalState,
  open: OpenAppearance,
  state: AppearanceState,
  endReason: EndReason | null,
): Appearance {
  const { first, last, best, ...sums } = open.exposure;
  const { frames } = sums;
  const startPtsMs = Math.round(first.ptsUs / 1000);
  const endPtsMs = Math.round(endUs(open.exposure) / 1000);
  const startWallMs = Math.round(first.wallTimeMs);
  // A clock that was corrected on the way must not end an appearance before it started.
  const endWallMs = Math.max(startWallMs, Math.round(last.wallTimeMs + last.coverUs / 1000));
  const exposureMs = Math.round((sums.coveredUs + last.coverUs) / 1000);
  return {
    id: open.id,
    revision: open.revision,
    state,
    streamId: stream.streamId,
    session: stream.session ?? '',
    label: open.label,
    startPtsMs,
    endPtsMs,
    startTime: new Date(startWallMs).toISOString(),
    endTime: new Date(endWallMs).toISOString(),
    clock: first.clock,
    endReason,
    score: best.score,
    meanScore: sums.scoreSum / frames,
    box: best.box,
    firstBox: first.box,
    meanBox: sums.boxSum.map((side) => side / frames) as unknown as Box,
    areaMean: sums.areaSum / frames,
    areaMax: sums.areaMax,
    exposureMs: Math.min(exposureMs, endPtsMs - startPtsMs),
    coverage: Math.min(1, (last.observed - first.observed + 1) / (last.seq - first.seq + 1)),
    frames,
    modelId: stream.modelId,
    modelHash: stream.modelHash,
  };
}
