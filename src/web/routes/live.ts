import { z } from 'zod';
import { Problem } from '../../streams/control.js';
import { type Operation, operation } from '../operation.js';
import type { WebState } from '../state.js';
import { KEPT, shownFrame } from './appearances.js';
import { boxSchema, frameIdSchema, frameSchema, listOf, streamId } from './schemas.js';

/** What one page shows at once. */
const TILES_MAX = 24;

const health = z.object({
  id: z.string(),
  url: z.string(),
  fps: z.number().nullable(),
  owner: z.string().nullable(),
  paused: z.boolean(),
  state: z.string(),
  node: z.string().nullable(),
  since: z.string().nullable(),
  session: z.string().nullable(),
  framesPerSecond: z.number(),
  lastError: z.string().nullable(),
  ageMs: z.number().nullable(),
  dropped: z.int(),
  restarts: z.int(),
});

const picture = z.object({
  streamId: z.string(),
  seq: z.int(),
  time: z.string(),
  boxes: z.array(z.object({ label: z.string(), score: z.number(), box: boxSchema })),
  jpeg: z.base64(),
});

export function liveOperations(state: WebState): Operation[] {
  const { live, review, control } = state;
  return [
    operation({
      method: 'get',
      path: '/api/health',
      role: 'viewer',
      summary: 'All streams with how they are doing: frames a second, age, drops, restarts',
      answer: { description: 'The streams', schema: z.object({ streams: z.array(health) }) },
      handle: async () => ({ streams: state.streams() }),
    }),
    operation({
      method: 'get',
      path: '/api/live',
      role: 'viewer',
      summary: 'The last frame of some streams, small, with what was found in it',
      query: z.strictObject({ streams: listOf(streamId, TILES_MAX) }),
      answer: {
        description: 'Those that are there: a stream that nobody looked at has a picture with its next frame',
        schema: z.object({ pictures: z.array(picture) }),
      },
      handle: async ({ query: { streams } }) => {
        const known = new Set(control.list().map((s) => s.id));
        const pictures = await live.look(streams.filter((id) => known.has(id)));
        return {
          pictures: pictures.map(({ jpeg, ...rest }) => ({ ...rest, jpeg: jpeg.toString('base64') })),
        };
      },
    }),
    operation({
      method: 'post',
      path: '/api/streams/{id}/hold',
      role: 'reviewer',
      summary: 'Keep the frame that is shown of a stream for a while, to draw on it',
      params: z.object({ id: streamId }),
      answer: { description: 'The frame', schema: frameSchema },
      problems: { 409: 'Nobody looks at this stream, so that there is no frame of it' },
      handle: async ({ params: { id } }) => {
        control.view(id);
        const frame = await live.hold(id);
        if (frame !== undefined) return shownFrame(frame, review);
        throw new Problem(409, 'There is no frame of this stream now', 'Ask /api/live for it first');
      },
    }),
    operation({
      method: 'get',
      path: '/api/frames/{id}',
      role: 'viewer',
      summary: 'The picture of a frame that is kept',
      params: z.object({ id: frameIdSchema }),
      answer: { description: 'The picture', type: 'image/jpeg' },
      handle: async ({ params: { id } }) => {
        const frame = await state.frame(id);
        if (frame !== undefined) return { type: 'image/jpeg', bytes: frame.jpeg };
        throw noFrame();
      },
    }),
  ];
}

export const noFrame = (): Problem => new Problem(404, 'No such frame', KEPT);
