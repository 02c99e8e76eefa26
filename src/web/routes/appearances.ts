import { z } from 'zod';
import type { KeptFrame } from '../../evidence/picture.js';
import type { KeptClip } from '../../evidence/record.js';
import { VERDICTS } from '../../store/store.js';
import { Problem } from '../../streams/control.js';
import { type Operation, operation, timeSchema } from '../operation.js';
import type { WebState } from '../state.js';
import { anyId, appearanceSchema, clipSchema, frameSchema, streamId } from './schemas.js';

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
      summary: 'One appearance, with the best frame and the clip of it where they are kept',
      params: one,
      answer: {
        description: 'It',
        schema: z.object({
          ...{ appearance: appearanceSchema, frame: frameSchema.nullable(), clip: clipSchema.nullable() },
        }),
      },
      handle: async ({ params: { id } }) => {
        const appearance = await store.appearance(id);
        if (appearance === undefined) throw noAppearance();
        const [frame, kept] = await Promise.all([evidence.of(id), evidence.clip(id)]);
        return {
          ...{ appearance, frame: frame === undefined ? null : shownFrame(frame, review) },
          clip: kept === undefined ? null : shownClip(kept),
        };
      },
    }),
    operation({
      method: 'get',
      path: '/api/appearances/{id}/clip',
      role: 'viewer',
      summary: 'The clip around an appearance',
      params: one,
      answer: { description: 'H.264 in MP4, without sound', type: 'video/mp4' },
      handle: async ({ params: { id } }) => {
        if ((await store.appearance(id)) === undefined) throw noAppearance();
        const bytes = await (await evidence.clip(id))?.read();
        if (bytes !== undefined) return { type: 'video/mp4', bytes };
        throw new Problem(
          404,
          'There is no clip of it',
          'Clips are kept for a while with evidence.clip in the config',
        );
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

const shownClip = ({ clip }: KeptClip): z.infer<typeof clipSchema> => clip;

export function shownFrame(
  { jpeg: _, session: _s, modelId: _m, modelHash: _h, ...frame }: KeptFrame,
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
