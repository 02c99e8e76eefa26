import { connect } from 'node:net';
import { LogowatchError } from '../core/errors.js';
import { redact } from '../core/redact.js';

const PORTS: Readonly<Record<string, number>> = { rtsp: 554, rtsps: 322 };

/** Opens and closes a TCP connection to the URL's host. Rejects with `source-unreachable`. */
export async function checkReachable(url: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const scheme = url.slice(0, url.indexOf(':')).toLowerCase();
  // User info may hold anything but what ends the authority: the last @ counts.
  const authority = (/^[^:]+:\/\/([^/?#]*)/.exec(url)?.[1] ?? '').replace(/^.*@/, '');
  const [, host = '', port] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(authority) ?? [];
  const name = host.replace(/^\[|\]$/g, '');
  await new Promise<void>((resolve, reject) => {
    const fail = (cause: Error) => {
      reject(
        new LogowatchError('source-unreachable', 'Nothing answers at this address', {
          value: redact(url),
          remedy: 'Correct the host and the port, or start the server',
          cause,
        }),
      );
    };
    const socket = connect({ host: name, port: Number(port ?? PORTS[scheme] ?? 554) });
    const end = (result: () => void) => {
      socket.destroy();
      signal.removeEventListener('abort', stop);
      result();
    };
    const stop = () => end(() => reject(signal.reason));
    signal.addEventListener('abort', stop, { once: true });
    socket.setTimeout(timeoutMs, () => end(() => fail(new Error(`no connection within ${timeoutMs} ms`))));
    socket.once('error', (error) => end(() => fail(error)));
    socket.once('connect', () => end(resolve));
  });
}
