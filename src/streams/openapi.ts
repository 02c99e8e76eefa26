import { z } from 'zod';
import { streamBodySchema } from './schema.js';

const TEXT = { type: 'string' } as const;
const OR_NULL = { type: ['string', 'null'] } as const;

const streamView = {
  type: 'object',
  properties: {
    id: TEXT,
    url: { ...TEXT, description: 'Without its secrets' },
    fps: { type: ['number', 'null'], description: 'As asked for; null is the default' },
    owner: { ...OR_NULL, description: 'The config that names it; null where this API added it' },
    paused: { type: 'boolean' },
    state: {
      enum: [
        'starting',
        'running',
        'waiting',
        'paused',
        'stopping',
        'ended',
        'failed',
        'unassigned',
        'unknown',
      ],
    },
    node: OR_NULL,
    since: { ...OR_NULL, format: 'date-time' },
    session: OR_NULL,
    framesPerSecond: { type: 'number' },
    lastError: OR_NULL,
  },
} as const;

const problem = (description: string) => ({
  description,
  content: {
    'application/problem+json': {
      schema: {
        type: 'object',
        properties: { type: TEXT, title: TEXT, status: { type: 'integer' }, detail: TEXT },
      },
    },
  },
});

const json = (description: string, schema: object) => ({
  description,
  content: { 'application/json': { schema } },
});

const REFUSED = { 401: problem('No token, or a wrong one'), 404: problem('No such stream') };
const OWNED = { 409: problem('The stream belongs to a config') };
const AWAY = { 503: problem('The cluster does not answer') };
const id = { name: 'id', in: 'path', required: true, schema: { ...TEXT, pattern: '^[\\w.-]{1,64}$' } };
const DONE = { 204: { description: 'Done' }, ...REFUSED, ...AWAY };

/** OpenAPI 3.1 of what api.ts answers; a test holds the two together. */
export function openApi(version: string): object {
  return {
    openapi: '3.1.0',
    info: { title: 'logowatch: streams', version },
    security: [{ token: [] }],
    paths: streamPaths(),
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: streamSchemas,
    },
  };
}

export const streamSchemas = { StreamView: streamView };

/** The paths alone: for a document that says more. */
export function streamPaths(): Record<string, Record<string, unknown>> {
  const { $schema: _, ...stream } = z.toJSONSchema(streamBodySchema);
  const view = { $ref: '#/components/schemas/StreamView' };
  return {
    '/api/streams': {
      get: {
        summary: 'All streams, wherever they run',
        responses: {
          200: json('The streams, and the config of the node that answers', {
            type: 'object',
            properties: {
              node: TEXT,
              config: {
                type: 'object',
                properties: { loadedAt: OR_NULL, error: OR_NULL },
              },
              streams: { type: 'array', items: view },
            },
          }),
          401: REFUSED[401],
        },
      },
    },
    '/api/streams/{id}': {
      parameters: [id],
      get: { summary: 'One stream', responses: { 200: json('It', view), ...REFUSED } },
      put: {
        summary: 'Add a stream, or change one that was added here',
        requestBody: { required: true, ...json('The stream without its id', stream) },
        responses: {
          200: json('Changed', view),
          201: json('Added', view),
          400: problem('Not a stream, or a password in its URL'),
          401: REFUSED[401],
          413: problem('More than 64 KiB'),
          ...OWNED,
          ...AWAY,
        },
      },
      delete: { summary: 'Remove a stream that was added here', responses: { ...DONE, ...OWNED } },
    },
    '/api/streams/{id}/pause': {
      parameters: [id],
      post: { summary: 'Stop watching until it is resumed', responses: DONE },
    },
    '/api/streams/{id}/resume': {
      parameters: [id],
      post: { summary: 'Watch again; also what has failed or ended', responses: DONE },
    },
  };
}
