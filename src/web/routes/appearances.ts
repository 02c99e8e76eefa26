import { z } from 'zod';
import type { KeptFrame } from '../../evidence/picture.js';
import { VERDICTS } from '../../store/store.js';
import { Problem } from '../../streams/control.js';
import { type Operation, operation, timeSchema } from '../operation.js';
import type { WebState } from '../state.js';
import { anyId, appearanceSchema, frameSchema, streamId } from './schemas.js';

const query = z.strictObject({
  stream: streamId.optional(),
  label: z.string().min(1).max(200).optional(),
  state: z.enum(['open', 'ended']).optional(),
  verdict: z.enum([...VERDICTS, 'none']).optional(),
  from: timeSchema.optional(),
  to: timeSchema.optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(1000).optional(),
});

const one = z.object({ id: anyId });

export function appearanceOperations({ store, evidence, review }: WebState): Operation[] {
  return [
    operation({
      method: 'get',
      path: '/api/appearances',
      role: 'viewer',
      summary: 'Appearances, newest first, a page at a time',
      query,
      answer: {
        description: 'A page; next is the cursor of the one after it, or null',
        schema: z.object({ appearances: z.array(appearanceSchema), next: z.string().nullable() }),
      },
      handle: async ({ query: { stream, label, state, verdict, ...rest } }) => {
        const { appearances, cursor } = await store.appearances({
          ...rest,
          ...(stream !== undefined && { streams: [stream] }),
          ...(label !== undefined && { labels: [label] }),
          ...(state !== undefined && { states: state === 'open' ? ['started', 'ongoing'] : ['ended'] }),
          ...(verdict !== undefined && { verdicts: [verdict] }),
        });
        return { appearances, next: cursor };
      },
    }),
    operation({
      method: 'get',
      path: '/api/appearances/{id}',
      role: 'viewer',
      summary: 'One appearance, with the best frame of it where one is kept',
      params: one,
      answer: {
        description: 'It',
        schema: z.object({ appearance: appearanceSchema, frame: frameSchema.nullable() }),
      },
      handle: async ({ params: { id } }) => {
        const appearance = await store.appearance(id);
        if (appearance === undefined) throw noAppearance();
        const frame = await evidence.of(id);
        return { appearance, frame: frame === undefined ? null : shownFrame(frame, review) };
      },
    }),
    operation({
      method: 'get',
      path: '/api/appearances/{id}/crop',
      role: 'viewer',
      summary: 'The place of an appearance in its best frame, with a little around it',
      params: one,
      answer: { description: 'The picture', type: 'image/jpeg' },
      handle: async ({ params: { id } }) => {
        const appearance = await store.appearance(id);
        if (appearance === undefined) throw noAppearance();
        const bytes = await evidence.crop(appearance);
        if (bytes !== undefined) return { type: 'image/jpeg', bytes };
        throw new Problem(404, 'There is no picture of it', KEPT);
      },
    }),
  ];
}

export const KEPT =
  'Pictures are kept of the newest appearances, and with evidence in the config of all for a while';
export const noAppearance = (): Problem =>
  new Problem(404, 'No such appearance', 'GET /api/appearances lists them');

export function shownFrame(
  { jpeg: _, session: _s, ...frame }: KeptFrame,
  review: WebState['review'],
): z.infer<typeof frameSchema> {
  const detections = frame.detections.map(({ label, score, llr, confident, box }) => ({
    ...{ label, score, llr, confident },
    box: [...box] as [number, number, number, number],
  }));
  const missed = review
    .missedIn(frame.id)
    .map((m) => ({ ...m, box: [...m.box] as [number, number, number, number] }));
  return { ...frame, detections, missed };
}
