import type { FastifyReply, FastifyRequest } from 'fastify';
import { Problem } from '../streams/control.js';
import type { WebState } from './state.js';

/** Server-sent events for as long as the connection lasts. Errors: Problem 503. */
export function serveEvents(state: WebState, request: FastifyRequest, reply: FastifyReply): void {
  const { hub } = state;
  if (hub.isFull) throw new Problem(503, 'Too many listen already', 'Close another page');
  const last = request.headers['last-event-id'];
  const headers = Object.fromEntries(Object.entries(reply.getHeaders()).filter(([, v]) => v !== undefined));
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    ...(headers as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // Proxies that gather before they send would make live late.
    'x-accel-buffering': 'no',
  });
  raw.socket?.setNoDelay(true);
  const leave = hub.join(raw, typeof last === 'string' ? last : undefined);
  raw.write(`event: streams\ndata: ${JSON.stringify({ all: state.streams() })}\n\n`);
  raw.on('close', leave);
  raw.on('error', leave);
}
