import type { z } from 'zod';
import { LogowatchError } from '../core/errors.js';

/** What a schema makes of a value. Throws config-invalid, naming each key that is wrong. */
export function parsedBy<T>(schema: z.ZodType<T>, value: unknown, origin: string, remedy: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const lines = result.error.issues.map(({ path, message }) => {
    const where = path.map((p) => (typeof p === 'number' ? `[${p}]` : `.${String(p)}`)).join('');
    return `${where.replace(/^\./, '') || 'the whole'}: ${message}`;
  });
  throw new LogowatchError('config-invalid', `${origin}: ${lines.join('; ')}`, { remedy });
}
