import { z } from 'zod';
import { streamPaths, streamSchemas } from '../streams/openapi.js';
import type { Role } from './config.js';
import { type Operation, problemSchema } from './operation.js';

/** OpenAPI 3.1 of all that the server answers under /api, made of what it is made of. */
export function webOpenApi(version: string, operations: readonly Operation[]): object {
  const paths = ofStreams();
  for (const one of operations) {
    paths[one.path] = { ...pathParameters(one), ...paths[one.path], [one.method]: describe(one) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'logowatch',
      version,
      description:
        'Roles: viewer < reviewer < operator. Without web.tokens the server answers this machine alone, and needs no token.',
    },
    security: [{ token: [] }, {}],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { ...streamSchemas, Problem: jsonSchema(problemSchema) },
    },
  };
}

/** As the API of streams has them, and who may. */
function ofStreams(): Record<string, Record<string, unknown>> {
  const paths = Object.entries(streamPaths()).map(([path, methods]) => {
    const described = Object.entries(methods).map(([method, of]) => {
      if (method === 'parameters') return [method, of];
      const role: Role = streamRole(method);
      const { responses, ...rest } = of as { responses: object };
      return [method, { ...rest, 'x-role': role, responses: { ...responses, 403: problem(NOT_ALLOWED) } }];
    });
    return [path, Object.fromEntries(described)];
  });
  return Object.fromEntries(paths);
}

/** Who may see streams, and who may change them. */
export const streamRole = (method: string): Role => (method.toLowerCase() === 'get' ? 'viewer' : 'operator');

const NOT_ALLOWED = 'Not with this token, or from another site';

function describe({ summary, role, query, body, answer, status, problems, path, params }: Operation): object {
  const { description, schema, type = 'application/json' } = answer;
  const code = status ?? (schema === undefined && answer.type === undefined ? 204 : 200);
  const content =
    schema !== undefined
      ? { [type]: { schema: jsonSchema(schema) } }
      : answer.type !== undefined && { [type]: { schema: { type: 'string', contentMediaType: type } } };
  const all: Record<number, string> = {
    ...((query ?? body ?? params) !== undefined && { 400: 'Not understood' }),
    401: 'No token, or a wrong one',
    403: NOT_ALLOWED,
    ...(path.includes('{') && { 404: 'No such thing' }),
    ...(body !== undefined && { 413: 'Too large', 415: 'Not JSON' }),
    503: 'The store does not answer',
    ...problems,
  };
  return {
    summary,
    'x-role': role,
    ...(query !== undefined && { parameters: parametersOf(query, 'query') }),
    ...(body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(body, 'input') } } },
    }),
    responses: {
      [code]: { description, ...(content && { content }) },
      ...Object.fromEntries(Object.entries(all).map(([n, why]) => [n, problem(why)])),
    },
  };
}

function pathParameters({ params }: Operation): object {
  return params === undefined ? {} : { parameters: parametersOf(params, 'path') };
}

function parametersOf(schema: z.ZodType, place: 'path' | 'query'): object[] {
  const { properties = {}, required = [] } = jsonSchema(schema) as {
    properties?: Record<string, { type?: string }>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, of]) => ({
    name,
    in: place,
    required: required.includes(name) && !('default' in of),
    ...(of.type === 'array' && { style: 'form', explode: false }),
    schema: of,
  }));
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output' = 'output'): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}

const problem = (description: string): object => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
});
