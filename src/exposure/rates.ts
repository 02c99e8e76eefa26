import { z } from 'zod';
import { parsedBy } from './parsed.js';
import type { LocalTime } from './time-zone.js';

const amount = z.number().min(0);

/** Price of a 30-second spot, or what a thousand contacts cost and how many there are: cpm * audience / 1000. */
const prices = {
  per30s: amount.optional(),
  cpm: amount.optional(),
  audience: amount.optional(),
};

interface Prices {
  readonly per30s?: number | undefined;
  readonly cpm?: number | undefined;
  readonly audience?: number | undefined;
}

const hasOnePrice = ({ per30s, cpm, audience }: Prices): boolean =>
  per30s === undefined
    ? cpm !== undefined && audience !== undefined
    : cpm === undefined && audience === undefined;
const ONE_PRICE = 'give per30s, or cpm and audience';

const hours = z
  .strictObject({ ...prices, from: z.number().int().min(0).max(23), to: z.number().int().min(0).max(24) })
  .refine(hasOnePrice, ONE_PRICE)
  .refine(({ from, to }) => from !== to, 'from and to are the same hour');

const rateSchema = z
  .strictObject({ ...prices, hours: z.array(hours).max(24).default([]) })
  .refine(hasOnePrice, ONE_PRICE)
  .superRefine(({ hours }, context) => {
    const taken = hours.flatMap(hoursOf);
    const twice = taken.find((hour, i) => taken.indexOf(hour) !== i);
    if (twice !== undefined)
      context.addIssue({ code: 'custom', path: ['hours'], message: `two prices for the hour from ${twice}` });
  });

export const rateCardSchema = z.strictObject({
  /** ISO 4217, as EUR. */
  currency: z.string().regex(/^[A-Z]{3}$/, 'use three letters, as EUR'),
  /** For streams that are not named. */
  default: rateSchema.optional(),
  streams: z.record(z.string().min(1), rateSchema).default({}),
});

export type RateCard = z.infer<typeof rateCardSchema>;

/** Checks a rate card that is already an object. Throws config-invalid, naming the key. */
export const parseRateCard = (value: unknown, origin: string): RateCard =>
  parsedBy(rateCardSchema, value, origin, 'docs/exposure.md shows a rate card');

/** What 30 s cost at a moment, and from when to when that holds; null where the card names no price. */
export interface Price {
  readonly per30s: number | null;
  readonly startMs: number;
  readonly endMs: number;
}

export type PriceAt = (ms: number) => Price;

/** Hours of the day, in local time, that an entry speaks of; 22 to 2 goes over midnight. */
function hoursOf({ from, to }: { readonly from: number; readonly to: number }): number[] {
  const length = (to - from + 24) % 24 || 24;
  return Array.from({ length }, (_, i) => (from + i) % 24);
}

const priceOf = ({ per30s, cpm = 0, audience = 0 }: Prices): number => per30s ?? (cpm * audience) / 1000;

export function pricesOf(card: RateCard | undefined, streamId: string, local: LocalTime): PriceAt {
  const named = card && Object.hasOwn(card.streams, streamId) ? card.streams[streamId] : undefined;
  const rate = named ?? card?.default;
  const always = (per30s: number | null): PriceAt => {
    const price = { per30s, startMs: Number.NEGATIVE_INFINITY, endMs: Number.POSITIVE_INFINITY };
    return () => price;
  };
  if (rate === undefined) return always(null);
  const base = priceOf(rate);
  if (rate.hours.length === 0) return always(base);
  const byHour = new Array<number>(24).fill(base);
  for (const entry of rate.hours) for (const hour of hoursOf(entry)) byHour[hour] = priceOf(entry);
  return (ms) => {
    const { startMs, endMs, hourOfDay } = local.hourAt(ms);
    return { per30s: byHour[hourOfDay]!, startMs, endMs };
  };
}
