import { z } from 'zod';
import type { Box } from '../../core/geometry.js';
import { VERDICTS } from '../../store/store.js';
import { Problem } from '../../streams/control.js';
import { type Operation, operation } from '../operation.js';
import type { WebState } from '../state.js';
import { noAppearance, shownFrame } from './appearances.js';
import { noFrame } from './live.js';
import { anyId, appearanceSchema, frameIdSchema, frameSchema, missedSchema } from './schemas.js';

const counts = z.object({
  right: z.int(),
  wrong: z.int(),
  unsure: z.int(),
  missed: z.int(),
  frames: z.int(),
});

const share = z.number().min(0).max(1);
const drawn = z.strictObject({
  label: z.string().min(1).max(200),
  /** Relative to the picture. */
  box: z.tuple([share, share, share, share]),
});
/** Of the picture's sides. */
const SIDE_MIN = 0.005;

export function reviewOperations(state: WebState): Operation[] {
  return [...queueOperations(state), ...verdictOperations(state), ...missedOperations(state)];
}

function queueOperations({ store, evidence, review, labels }: WebState): Operation[] {
  return [
    operation({
      method: 'get',
      path: '/api/review',
      role: 'viewer',
      summary: 'What is to be judged, newest first, and what was judged so far',
      query: z.strictObject({
        limit: z.coerce.number().int().min(1).max(100).default(20),
        cursor: z.string().max(1000).optional(),
      }),
      answer: {
        description: 'Appearances that nobody has judged; folder is where verdicts and pictures are kept',
        schema: z.object({
          queue: z.array(z.object({ appearance: appearanceSchema, frame: frameSchema.nullable() })),
          next: z.string().nullable(),
          counts,
          folder: z.string(),
          labels: z.array(z.string()),
        }),
      },
      handle: async ({ query: { limit, cursor } }) => {
        const page = await store.appearances({ verdicts: ['none'], limit, cursor });
        const queue = await Promise.all(
          page.appearances.map(async (appearance) => {
            const frame = await evidence.of(appearance.id);
            return { appearance, frame: frame === undefined ? null : shownFrame(frame, review) };
          }),
        );
        const { folder } = review;
        return { queue, next: page.cursor, counts: review.counts, folder, labels: [...labels()] };
      },
    }),
  ];
}

function verdictOperations({ store, evidence, review, hub }: WebState): Operation[] {
  const params = z.object({ id: anyId });
  const told = async (id: string) => {
    const appearance = await store.appearance(id);
    if (appearance !== undefined) hub.publish('verdict', { id, verdict: appearance.verdict }, { kept: true });
    return { verdict: appearance?.verdict ?? null, counts: review.counts };
  };
  return [
    operation({
      method: 'put',
      path: '/api/appearances/{id}/verdict',
      role: 'reviewer',
      summary: 'Say whether the logo was there; the last word counts',
      params,
      body: z.strictObject({ verdict: z.enum(VERDICTS), note: z.string().max(2000).optional() }),
      answer: { description: 'The counts by now', schema: z.object({ verdict: z.unknown(), counts }) },
      problems: { 409: 'The review folder is full' },
      handle: async ({ params: { id }, body: { verdict, note = null } }) => {
        const appearance = await store.appearance(id);
        if (appearance === undefined) throw noAppearance();
        await review.judge(appearance, verdict, await evidence.of(id));
        const at = new Date().toISOString();
        if (!(await store.judge({ appearanceId: id, verdict, by: 'page', at, note }))) throw noAppearance();
        return told(id);
      },
    }),
    operation({
      method: 'delete',
      path: '/api/appearances/{id}/verdict',
      role: 'reviewer',
      summary: 'Take a verdict back',
      params,
      answer: { description: 'The counts by now', schema: z.object({ verdict: z.unknown(), counts }) },
      handle: async ({ params: { id } }) => {
        await review.unjudge(id);
        if (!(await store.unjudge(id)))
          throw new Problem(404, 'There is no verdict on it', 'Nothing had to be taken back');
        return told(id);
      },
    }),
  ];
}

function missedOperations(state: WebState): Operation[] {
  const { review, labels } = state;
  return [
    operation({
      method: 'post',
      path: '/api/frames/{id}/missed',
      role: 'reviewer',
      summary: 'Draw a logo that was not found',
      params: z.object({ id: frameIdSchema }),
      body: drawn,
      answer: {
        description: 'The box, and the counts by now',
        schema: z.object({ missed: missedSchema, counts }),
      },
      status: 201,
      problems: { 409: 'The review folder is full' },
      handle: async ({ params: { id }, body: { label, box } }) => {
        const frame = await state.frame(id);
        if (frame === undefined) throw noFrame();
        if (!labels().includes(label))
          throw new Problem(400, 'The model does not know this brand', `It knows ${labels().join(', ')}`);
        const missed = await review.addMissed(frame, label, checked(box));
        return { missed, counts: review.counts };
      },
    }),
    operation({
      method: 'delete',
      path: '/api/missed/{id}',
      role: 'reviewer',
      summary: 'Take a drawn box back',
      params: z.object({ id: frameIdSchema }),
      answer: { description: 'The counts by now', schema: z.object({ counts }) },
      handle: async ({ params: { id } }) => {
        if (await review.removeMissed(id)) return { counts: review.counts };
        throw new Problem(404, 'No such box', 'It may have been taken back already');
      },
    }),
  ];
}

function checked([x, y, w, h]: Box): Box {
  const inside: Box = [x, y, Math.min(w, 1 - x), Math.min(h, 1 - y)];
  if (inside[2] >= SIDE_MIN && inside[3] >= SIDE_MIN) return inside;
  throw new Problem(400, 'The box is too small', 'Draw it around the logo');
}
