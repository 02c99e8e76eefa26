import type { ExposureAnalysis } from '../analysis.js';

/** One JSON document, a piece at a time: a month by the hour is more than one string can hold. */
export function* exposureJson(analysis: ExposureAnalysis): Generator<string> {
  const { cuts, ...rest } = analysis;
  yield `${JSON.stringify(rest).slice(0, -1)},"cuts":[`;
  for (const [i, cut] of cuts.entries()) yield `${i > 0 ? ',' : ''}${JSON.stringify(cut)}`;
  yield ']}\n';
}
