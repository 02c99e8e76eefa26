import type { Operation } from '../operation.js';

/** For the document alone: events-route.ts answers. */
export const eventsOperation: Operation = {
  method: 'get',
  path: '/api/events',
  role: 'viewer',
  summary:
    'Server-sent events: hello, streams, appearance, verdict. Last-Event-ID resumes; hello says whether it could',
  answer: { description: 'For as long as the connection lasts', type: 'text/event-stream' },
  problems: { 503: 'Too many listen already' },
  handle: async () => undefined,
};
