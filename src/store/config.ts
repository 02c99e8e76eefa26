import { z } from 'zod';
import { redact } from '../core/redact.js';

/** The section `store` of the config. */
export const storeSchema = z
  .strictObject({
    url: z
      .url({ protocol: /^postgres(ql)?$/, error: 'write postgres://user:password@host:5432/database' })
      .optional(),
    path: z.string().min(1).optional(),
    connections: z.number().int().min(1).max(100).optional(),
    statementTimeoutMs: z.number().int().min(100).optional(),
    retentionDays: z.number().positive().max(36_500).optional(),
  })
  .refine((s) => s.url === undefined || s.path === undefined, 'give url or path');

export type StoreSection = z.infer<typeof storeSchema>;

export const redactStore = (store: StoreSection): StoreSection =>
  store.url === undefined ? store : { ...store, url: redact(store.url) };
