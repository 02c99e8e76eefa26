import { z } from 'zod';

/** What a token may do; each may also do what those before it may. */
export const ROLES = ['viewer', 'reviewer', 'operator'] as const;
export type Role = (typeof ROLES)[number];

export const LISTEN_DEFAULT = '127.0.0.1:9465';

const LISTEN = /^(?:\[([\da-fA-F:.]+)\]|([\w.-]+)):(\d{1,5})$/;

export const webSchema = z.strictObject({
  listen: z
    .string()
    .regex(LISTEN, 'use HOST:PORT')
    .refine((text) => listenOf(text).port < 65_536, 'use a port below 65536')
    .default(LISTEN_DEFAULT),
  tokens: z
    .array(
      z.strictObject({
        token: z.string().min(16, 'use 16 characters or more'),
        role: z.enum(ROLES),
      }),
    )
    .default([]),
  /** Origins whose pages may call the API; none by default. */
  cors: z
    .array(z.string().regex(/^https?:\/\/[^/\s*]+$/, 'use an origin, like https://tools.example'))
    .default([]),
  /** Where verdicts and their pictures are kept: what `mine apply` reads. */
  review: z.string().min(1).default('review'),
});

export type WebConfig = z.infer<typeof webSchema>;

/** @param text as the schema lets it through */
export function listenOf(text: string): { readonly host: string; readonly port: number } {
  const [, six, host, port] = LISTEN.exec(text) ?? [];
  return { host: six ?? host ?? '', port: Number(port) };
}
