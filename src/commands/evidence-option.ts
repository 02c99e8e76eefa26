import type { Config } from '../config.js';
import { LogowatchError } from '../core/errors.js';
import { evidenceSchema } from '../evidence/config.js';

/** `watch --evidence [FOLDER]`: a folder goes before the config's, whose other settings stay. */
export function evidenceSectionOf(
  where: string | true | undefined,
  base: Config['evidence'],
): Config['evidence'] {
  if (where === undefined) return base;
  if (where === true) return base ?? evidenceSchema.parse({});
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(where))
    throw new LogowatchError('usage', 'Evidence is kept in a folder', {
      value: where.replace(/:\/\/.*/, '://...'),
      remedy: 'Write --evidence after the sources, or --evidence=FOLDER',
    });
  return { ...evidenceSchema.parse({}), ...base, path: where };
}
