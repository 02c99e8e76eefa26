import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { LogowatchError } from '../../core/errors.js';

export interface RtspHandover {
  /** Stands in the arguments: a loopback address with a token that is good once. */
  readonly url: string;
  /** The child that may have the real URL. */
  allow(pid: number): void;
  close(): void;
}

const REQUEST_BYTES_MAX = 4096;

/**
 * Hands an RTSP URL with its password to an ffmpeg that cannot take `rtsp_transport` from a script (before 5.0): the
 * argument is a loopback address, answered once with a redirect to the real URL. On Linux only the child itself
 * gets the answer: the socket's owner is looked up in /proc; elsewhere the token must do.
 */
export async function rtspHandover(target: string): Promise<RtspHandover> {
  const token = randomBytes(16).toString('hex');
  let child: number | undefined;
  const server = createServer({ pauseOnConnect: false }, (socket) => {
    socket.setTimeout(5_000, () => socket.destroy());
    socket.on('error', () => {});
    let request = '';
    socket.on('data', (chunk: Buffer) => {
      request += chunk.toString('latin1');
      if (request.length > REQUEST_BYTES_MAX) socket.destroy();
      if (!request.includes('\r\n\r\n')) return;
      const good = request.split(' ')[1]?.endsWith(`/${token}`) === true && owns(child, socket);
      const sequence = /^CSeq:\s*(\d+)/im.exec(request)?.[1] ?? '1';
      const answer = good ? `302 Found\r\nLocation: ${target}` : '404 Not Found';
      socket.end(`RTSP/1.0 ${answer}\r\nCSeq: ${sequence}\r\n\r\n`);
      if (good) server.close();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new LogowatchError('source-failed', 'No loopback port can be opened', { cause }));
    });
    server.listen(0, '127.0.0.1', resolve);
  });
  server.unref();
  const { port } = server.address() as { port: number };
  return {
    url: `rtsp://127.0.0.1:${port}/${token}`,
    allow: (pid) => {
      child = pid;
    },
    close: () => void server.close(),
  };
}

/** The other end of this connection is a descriptor of that process. */
function owns(pid: number | undefined, socket: Socket): boolean {
  if (pid === undefined) return false;
  if (!existsSync('/proc/net/tcp')) return true;
  try {
    const inode = socketInode(socket.remotePort ?? 0, socket.localPort ?? 0);
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).some((fd) => isLinkTo(`${folder}/${fd}`, `socket:[${inode}]`));
  } catch {
    return false;
  }
}

function socketInode(fromPort: number, toPort: number): string | undefined {
  const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0');
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n')) {
    const [, local, remote, , , , , , , inode] = line.trim().split(/\s+/);
    if (local?.endsWith(`:${hex(fromPort)}`) && remote?.endsWith(`:${hex(toPort)}`)) return inode;
  }
  return undefined;
}

function isLinkTo(path: string, target: string): boolean {
  try {
    return readlinkSync(path) === target;
  } catch {
    // The descriptor was closed while we looked.
    return false;
  }
}
