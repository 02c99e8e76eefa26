import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply } from 'fastify';
import { LogowatchError } from '../core/errors.js';
import { redact } from '../core/redact.js';
import { Problem, type StreamControl } from './control.js';
import { openApi } from './openapi.js';

export interface ApiOptions {
  readonly control: StreamControl;
  readonly token: string;
  /** Names the process that answers. */
  readonly node: string;
  readonly version: string;
  /** Of the config file: when it was last read, and what is wrong with it now. */
  readonly config: () => { readonly loadedAt: string | null; readonly error: string | null };
}

const BODY_BYTES_MAX = 64 * 1024;

/** Answers what begins with /api/. */
export type ApiHandler = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * Streams over HTTP: JSON in and out, errors as problem+json. Everything but the description of itself wants the token;
 * what is not named here is refused before it is looked at.
 */
export async function createApi(options: ApiOptions): Promise<ApiHandler> {
  const app = Fastify({ logger: false, bodyLimit: BODY_BYTES_MAX, requestTimeout: 30_000 });
  app.setErrorHandler((error: FastifyError | Problem, _, reply) => answerError(error, reply));
  app.setNotFoundHandler((_, reply) =>
    answerError(new Problem(404, 'Nothing here', 'See /api/openapi.json'), reply),
  );
  const document = openApi(options.version);
  app.get('/api/openapi.json', async () => document);
  await app.register(async (guarded) => {
    const isRight = tokenCheck(options.token);
    guarded.addHook('onRequest', async ({ headers }, reply) => {
      if (isRight(headers.authorization)) return;
      reply.header('www-authenticate', 'Bearer');
      throw new Problem(
        401,
        'No token, or a wrong one',
        'Send Authorization: Bearer with the value of ops.token',
      );
    });
    streamRoutes(guarded, options);
  });
  await app.ready();
  return (request, response) => app.routing(request, response);
}

/** Whoever registers them says who may. */
export function streamRoutes(
  app: FastifyInstance,
  { control, node, config }: Pick<ApiOptions, 'control' | 'node' | 'config'>,
): void {
  type Named = { Params: { id: string } };
  app.addHook('onSend', async (_, reply) => {
    reply.header('cache-control', 'no-store');
  });
  app.get('/api/streams', async () => ({ node, config: config(), streams: control.list() }));
  app.get<Named>('/api/streams/:id', async ({ params }) => control.view(params.id));
  app.put<Named>('/api/streams/:id', async ({ params, body }, reply) => {
    const isNew = await control.put(params.id, body);
    return reply.code(isNew ? 201 : 200).send(control.view(params.id));
  });
  app.delete<Named>('/api/streams/:id', async ({ params }, reply) => {
    await control.remove(params.id);
    return reply.code(204).send();
  });
  app.post<Named>('/api/streams/:id/pause', async ({ params }, reply) => {
    await control.pause(params.id);
    return reply.code(204).send();
  });
  app.post<Named>('/api/streams/:id/resume', async ({ params }, reply) => {
    await control.resume(params.id);
    return reply.code(204).send();
  });
}

/**
 * Whether an Authorization header bears the token. Digests are compared, so that neither the length nor the first wrong letter
 * shows in the time it takes.
 */
export function tokenCheck(token: string): (header: string | undefined) => boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const right = digest(`Bearer ${token}`);
  return (header) => timingSafeEqual(digest(header ?? ''), right);
}

/** As problem+json. */
export function answerError(error: FastifyError | Problem | LogowatchError, reply: FastifyReply): void {
  const { status, title, detail } = problemOf(error);
  void reply
    .code(status)
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send({ type: 'about:blank', title, status, detail });
}

function problemOf(error: FastifyError | Problem | LogowatchError) {
  if (error instanceof Problem) return { status: error.status, title: error.title, detail: error.message };
  const detail = redact(error.message);
  if (error instanceof LogowatchError) return { status: 503, title: 'The change could not be made', detail };
  const { statusCode = 500 } = error;
  if (statusCode >= 500) return { status: 500, title: 'Internal error', detail: 'See the log' };
  return { status: statusCode, title: 'Bad request', detail };
}
