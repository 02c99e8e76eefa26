import type { AddressInfo } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { errnoCode, LogowatchError } from '../core/errors.js';
import { StoreError } from '../store/errors.js';
import { answerError, streamRoutes } from '../streams/api.js';
import { Problem } from '../streams/control.js';
import { Access } from './access.js';
import { listenOf, type Role, type WebConfig } from './config.js';
import { serveEvents } from './events-route.js';
import { streamRole, webOpenApi } from './openapi.js';
import { type Bytes, type Operation, parsePart } from './operation.js';
import { appearanceOperations } from './routes/appearances.js';
import { eventsOperation } from './routes/events.js';
import { exposureOperations } from './routes/exposure.js';
import { liveOperations } from './routes/live.js';
import { reviewOperations } from './routes/review.js';
import { sessionOperations } from './routes/session.js';
import type { WebState } from './state.js';
import { serveFiles } from './static-files.js';

export interface WebOptions {
  readonly config: WebConfig;
  readonly state: WebState;
  readonly version: string;
  /** Names the process that answers. */
  readonly node: string;
  readonly configState: () => { readonly loadedAt: string | null; readonly error: string | null };
  /** Takes any port where the one of the config is taken. */
  readonly anyPort?: boolean;
}

export interface WebServer {
  /** http://host:port */
  readonly url: string;
  close(): Promise<void>;
}

const BODY_BYTES_MAX = 64 * 1024;

/** Nothing of other hosts, nothing inline; pictures also from memory, as what a token fetched. */
const HEADERS = {
  'content-security-policy':
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
};

/** The page and its API. Errors: config-invalid where the port is taken, or would be open to everybody. */
export async function startWeb(options: WebOptions): Promise<WebServer> {
  const { host, port } = listenOf(options.config.listen);
  const access = new Access(options.config, host);
  const app = Fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: 30_000,
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    // Beyond what Node lets a URL be: ids that are too long are refused as any other that is none.
    routerOptions: { maxParamLength: 20_000 },
    frameworkErrors: (error, _, reply) => answerError(error, reply.headers(HEADERS)),
  });
  app.setErrorHandler((error: Parameters<typeof answerError>[0], _, reply) =>
    answerError(ofStore(error), reply),
  );
  app.setNotFoundHandler((_, reply) =>
    answerError(new Problem(404, 'Nothing here', 'See /api/openapi.json'), reply),
  );
  guard(app, access);
  serveFiles(app);
  api(app, access, options);
  await listen(app, host, port, options.anyPort === true);
  const { port: actual } = app.server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    close: async () => {
      options.state.close();
      await app.close();
    },
  };
}

/** What a database cannot make sense of is the request's fault; all else may pass. */
function ofStore(error: Parameters<typeof answerError>[0]): Parameters<typeof answerError>[0] {
  if (!(error instanceof StoreError)) return error;
  const isQuery = error.code === 'store-query' || error.ofValue;
  return new Problem(
    isQuery ? 400 : 503,
    isQuery ? 'Not understood' : 'The store does not answer',
    error.message,
  );
}

/** What holds for every answer, whatever was asked. */
function guard(app: FastifyInstance, access: Access): void {
  app.addHook('onRequest', async (request, reply) => {
    const cors = access.corsOf(request.headers);
    const policy = cors === undefined ? 'same-origin' : 'cross-origin';
    reply.headers({ ...HEADERS, vary: 'origin', 'cross-origin-resource-policy': policy, ...cors });
    access.admit(request);
    // A browser asks first whether another origin's page may ask.
    if (request.method === 'OPTIONS' && cors !== undefined) return reply.code(204).send();
    if (request.url.startsWith('/api/')) reply.header('cache-control', 'no-store');
  });
}

function api(app: FastifyInstance, access: Access, options: WebOptions): void {
  const { state, version, node, configState } = options;
  const operations = [
    ...sessionOperations(state, version),
    ...appearanceOperations(state),
    ...exposureOperations(state),
    ...liveOperations(state),
    ...reviewOperations(state),
  ];
  const document = webOpenApi(version, [...operations, eventsOperation]);
  app.get('/api/openapi.json', async () => document);
  const check = (role: Role) => async (request: FastifyRequest) => {
    access.require(request, role);
  };
  for (const one of operations)
    app.route({
      method: one.method.toUpperCase(),
      url: one.path.replace(/\{(\w+)\}/g, ':$1'),
      onRequest: check(one.role),
      handler: (request, reply) => answer(one, request, reply, access),
    });
  app.get('/api/events', { onRequest: check('viewer') }, (request, reply) =>
    serveEvents(state, request, reply),
  );
  void app.register(async (streams) => {
    streams.addHook('onRequest', async (request) => {
      access.require(request, streamRole(request.method));
    });
    streamRoutes(streams, { control: state.control, node, config: configState });
  });
}

async function answer(one: Operation, request: FastifyRequest, reply: FastifyReply, access: Access) {
  const params = parsePart(one.params, request.params, 'path');
  const query = parsePart(one.query, request.query, 'query');
  const body = parsePart(one.body, request.body, 'body');
  const result = await one.handle({ params, query, body, role: access.roleOf(request) });
  if (one.answer.type !== undefined) {
    const { type, bytes } = result as Bytes;
    return reply.type(type).send(bytes);
  }
  if (one.status !== undefined) reply.code(one.status);
  return result;
}

async function listen(app: FastifyInstance, host: string, port: number, anyPort: boolean): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (cause) {
    const taken = errnoCode(cause) === 'EADDRINUSE';
    if (taken && anyPort) return listen(app, host, 0, false);
    throw new LogowatchError('config-invalid', `The page’s port ${taken ? 'is taken' : 'cannot be used'}`, {
      value: `${host}:${port}`,
      remedy: 'Choose another one: --web HOST:PORT, or web.listen in the config',
      cause,
    });
  }
}
