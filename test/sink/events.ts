import type { Appearance, AppearanceState } from '../../src/core/appearance.js';

export function makeEvent(
  id: string,
  revision: number,
  state: AppearanceState,
  over: Partial<Appearance> = {},
) {
  const event: Appearance = {
    id,
    revision,
    state,
    streamId: 'news 1',
    session: 's1',
    label: 'acme',
    startPtsMs: 61_200,
    endPtsMs: 66_600 + revision,
    startTime: '2026-01-02T03:04:05.600Z',
    endTime: '2026-01-02T03:04:11.000Z',
    clock: 'arrival',
    endReason: state === 'ended' ? 'gone' : null,
    score: 0.98,
    meanScore: 0.9,
    box: [0.1, 0.2, 0.3, 0.1],
    firstBox: [0.1, 0.2, 0.3, 0.1],
    meanBox: [0.1, 0.2, 0.3, 0.1],
    areaMean: 0.03,
    areaMax: 0.04,
    exposureMs: 5200,
    coverage: 0.97,
    frames: 26,
    modelId: 'm',
    modelHash: 'h',
    ...over,
  };
  return event;
}

/** started, ongoing, ..., ended */
export function makeAppearance(id: string, revisions = 3): Appearance[] {
  return Array.from({ length: revisions }, (_, r) =>
    makeEvent(id, r, r === 0 ? 'started' : r === revisions - 1 ? 'ended' : 'ongoing'),
  );
}

export const keyOf = (event: { id: string; revision: number }) => `${event.id}/${event.revision}`;
