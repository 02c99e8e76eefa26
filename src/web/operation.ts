import { z } from 'zod';
import { Problem } from '../streams/control.js';
import type { Role } from './config.js';

/** What an answer looks like; without a schema it has no body. */
export interface Answer {
  readonly description: string;
  readonly schema?: z.ZodType;
  /** Default: application/json. */
  readonly type?: string;
}

/** Bytes of another kind than JSON. */
export interface Bytes {
  readonly type: string;
  readonly bytes: Buffer;
}

interface Input<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  readonly role: Role;
}

/** One request of the API: what it takes, what it answers, who may. The routes and the OpenAPI document are made of these. */
export interface Operation<P = unknown, Q = unknown, B = unknown> {
  readonly method: 'get' | 'put' | 'post' | 'delete';
  /** With `{name}` for parameters. */
  readonly path: string;
  readonly role: Role;
  readonly summary: string;
  readonly params?: z.ZodType<P>;
  readonly query?: z.ZodType<Q>;
  readonly body?: z.ZodType<B>;
  readonly answer: Answer;
  /** Status of the answer; default 200, and 204 where it has no body. */
  readonly status?: number;
  /** Other answers, all of them problems: status -> why. */
  readonly problems?: Readonly<Record<number, string>>;
  readonly handle: (input: Input<P, Q, B>) => Promise<unknown>;
}

/** Infers the types of a request's parts from their schemas. */
export function operation<P, Q, B>(definition: Operation<P, Q, B>): Operation {
  return definition as unknown as Operation;
}

/** Errors: Problem 400 that names what is wrong. */
export function parsePart(schema: z.ZodType | undefined, value: unknown, part: string): unknown {
  if (schema === undefined) return undefined;
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) => `${path.join('.') || part}: ${message}`);
  throw new Problem(400, `Not a ${part} that is understood`, issues.join('; '));
}

/** RFC 9457 */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
});

/** ISO 8601, as in queries. */
export const timeSchema = z.iso.datetime({ offset: true });
