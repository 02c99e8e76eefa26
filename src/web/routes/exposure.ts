import { z } from 'zod';
import { exposureAnalysis } from '../../exposure/analysis.js';
import type { ExposureFacts } from '../../exposure/facts.js';
import { Problem } from '../../streams/control.js';
import { exposureSeries } from '../exposure-series.js';
import { type Operation, operation, timeSchema } from '../operation.js';
import type { WebState } from '../state.js';
import { listOf, streamId } from './schemas.js';

const HOUR_MS = 3_600_000;
const RANGE_MAX_MS = 400 * 24 * HOUR_MS;

const ms = z.number();
const mean = z.number().nullable();
const brand = z.looseObject({
  label: z.string(),
  appearances: z.int(),
  exposureMs: ms,
  shareOfVoice: mean,
  solusMs: ms,
  sharedMs: ms,
  areaMean: mean,
  centrality: mean,
  clarity: mean,
  qualityIndex: mean,
  coverage: mean,
  first: z.string(),
  last: z.string(),
});
const scope = z.looseObject({
  streamId: z.string().nullable(),
  appearances: z.int(),
  exposureMs: ms,
  screenMs: ms,
  brands: z.array(brand),
});

const answer = z.object({
  /** As `report --json` has it; docs/exposure.md says what each figure means. */
  report: z.looseObject({
    version: z.literal(1),
    from: z.string(),
    to: z.string(),
    all: scope,
    streams: z.array(scope),
  }),
  series: z.object({
    bucketSeconds: z.number(),
    times: z.array(z.number()),
    brands: z.array(z.object({ label: z.string(), seconds: z.array(z.number()) })),
  }),
});

export function exposureOperations({ store, exposure: settings }: WebState): Operation[] {
  return [
    operation({
      method: 'get',
      path: '/api/exposure',
      role: 'viewer',
      summary: 'How long each brand was seen, on each stream and over time; by default in the last hour',
      query: z.strictObject({
        from: timeSchema.optional(),
        to: timeSchema.optional(),
        streams: listOf(streamId, 200).optional(),
      }),
      answer: {
        description: 'The report (docs/exposure.md), and seconds by brand in equal buckets',
        schema: answer,
      },
      handle: async ({ query: { from, to, streams } }) => {
        const toMs = to === undefined ? Date.now() : Date.parse(to);
        const fromMs = from === undefined ? toMs - HOUR_MS : Date.parse(from);
        if (!(fromMs < toMs && toMs - fromMs <= RANGE_MAX_MS))
          throw new Problem(400, 'No range of time', 'from must be before to, by 400 days at most');
        const [start, end] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()];
        const facts: ExposureFacts[] = [];
        for await (const batch of store.facts({ from: start, to: end, streams })) facts.push(...batch);
        const report = exposureAnalysis(facts, { from: start, to: end, settings });
        return { report, series: exposureSeries(facts, { fromMs, toMs }) };
      },
    }),
  ];
}
