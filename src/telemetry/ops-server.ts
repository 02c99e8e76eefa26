import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { errnoCode, LogowatchError } from '../core/errors.js';
import { measureProcess } from './process-metrics.js';

export interface OpsOptions {
  readonly host: string;
  /** 0 takes any that is free. */
  readonly port: number;
  readonly registry: Registry;
  /** What has to hold before work is sent here: name -> whether it does. */
  readonly checks: () => Readonly<Record<string, boolean>>;
  /** Said beside the checks, and changing nothing: what a reader should know. */
  readonly notes?: () => Readonly<Record<string, string>>;
  /** Answers what begins with /api/, once there is one. */
  readonly api?: () => ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
}

export interface OpsServer {
  /** http://host:port */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * What an orchestrator and Prometheus ask: /healthz (the process answers), /readyz (every check holds, else 503) and
 * /metrics. Errors: config-invalid where the port is taken or may not be used.
 */
export async function startOps(options: OpsOptions): Promise<OpsServer> {
  const { host, port, registry, checks } = options;
  const server = createServer((request, response) => void answer(request, response, options));
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const what =
        errnoCode(cause) === 'EADDRINUSE' ? 'The port of ops is taken' : 'The port of ops cannot be used';
      reject(
        new LogowatchError('config-invalid', what, {
          value: `${host}:${port}`,
          remedy: 'Set ops.port to another one, or leave ops out',
          cause,
        }),
      );
    });
    server.listen(port, host, resolve);
  });
  measureProcess(registry, checks);
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { registry, checks, notes, api }: OpsOptions,
): Promise<void> {
  const { url = '/', method } = request;
  const handler = url.startsWith('/api/') ? api?.() : undefined;
  if (handler !== undefined) return handler(request, response);
  const send = (status: number, type: string, body: string): void => {
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
    response.end(method === 'HEAD' ? undefined : body);
  };
  const json = (status: number, body: unknown): void =>
    send(status, 'application/json', JSON.stringify(body));
  if (method !== 'GET' && method !== 'HEAD') return json(405, { error: 'only GET' });
  switch (url.split('?')[0]) {
    case '/healthz':
      return json(200, { status: 'ok' });
    case '/readyz': {
      const found = checks();
      const ready = Object.values(found).every(Boolean);
      return json(ready ? 200 : 503, {
        status: ready ? 'ready' : 'not ready',
        checks: found,
        ...notes?.(),
      });
    }
    case '/metrics':
      return send(200, registry.contentType, await registry.metrics());
    default:
      return json(404, { error: 'there are /healthz, /readyz and /metrics' });
  }
}
