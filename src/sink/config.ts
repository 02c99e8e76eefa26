import { z } from 'zod';
import { bareOrigin, redact } from '../core/redact.js';

/** One of the section `sinks` of the config. */
export const sinkSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('stdout'), format: z.enum(['human', 'json']).default('human') }),
  z.strictObject({ type: z.literal('jsonl'), path: z.string().min(1) }),
  z.strictObject({
    type: z.literal('webhook'),
    url: z.url({ protocol: /^https?$/ }),
    token: z.string().min(1).optional(),
    hmacSecret: z.string().min(1).optional(),
    timeoutMs: z.number().int().min(100).optional(),
  }),
  z.strictObject({
    type: z.literal('mqtt'),
    url: z.url({ protocol: /^(mqtt|ws)s?$/ }),
    topic: z
      .string()
      .regex(/^[^+#\0]+$/, 'use no +, no # and no NUL')
      .optional(),
    clientId: z.string().min(1).optional(),
    timeoutMs: z.number().int().min(100).optional(),
  }),
  z.strictObject({
    type: z.literal('parquet'),
    path: z.string().min(1),
    rotateMinutes: z.number().int().min(1).optional(),
    rotateEvents: z.number().int().min(1).max(1_000_000).optional(),
  }),
]);

export type SinkConfig = z.infer<typeof sinkSchema>;

/** As it may be shown: no secret in it. */
export function redactSink(s: SinkConfig): SinkConfig {
  if (s.type === 'mqtt') return { ...s, url: redact(s.url) };
  if (s.type !== 'webhook') return s;
  return {
    ...s,
    url: bareOrigin(s.url),
    ...(s.token === undefined ? {} : { token: '***' }),
    ...(s.hmacSecret === undefined ? {} : { hmacSecret: '***' }),
  };
}
