import { z } from 'zod';
import { streamIdSchema } from './schema.js';

/**
 * One stream that is to be watched, as it lies on the topic `streams`. Its text is kept as it was written: `${NAME}` is filled in
 * on the node that runs it.
 */
const entrySchema = z.object({
  stream: z.looseObject({ id: streamIdSchema, url: z.string().min(1).max(4096) }),
  /** The name of the config that names it; null where the API added it. */
  owner: z.string().nullable(),
  paused: z.boolean(),
  /** Another one starts anew what has ended for good. */
  revision: z.string().max(64),
  /** When its source ended for good, as a recording does; ISO 8601. */
  ended: z.string().optional(),
});

export type StreamEntry = z.infer<typeof entrySchema>;
/** A stream as it was written, `${NAME}` and all. */
export type StreamText = StreamEntry['stream'];

export const encodeEntry = (entry: StreamEntry): Buffer => Buffer.from(JSON.stringify(entry));

/** Undefined for what is no entry: the topic may hold what a newer version wrote. */
export function decodeEntry(bytes: Buffer): StreamEntry | undefined {
  try {
    return entrySchema.parse(JSON.parse(bytes.toString()));
  } catch {
    return undefined;
  }
}
