import { createHash } from 'node:crypto';
import { type FileHandle, open, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { errnoCode } from './errors.js';

/** What a socket's address may hold on every system, bytes. */
const ADDRESS_MAX = 100;

/**
 * Keeps a folder for this process. A socket tells the living from the dead better than a file with a process number: the system
 * takes it away with the process, and numbers are the same in every container. Returns how to let go; undefined where another process has it.
 */
export async function lockFolder(folder: string): Promise<(() => Promise<void>) | undefined> {
  const { address, handle } = await addressIn(folder);
  try {
    const server = (await listen(address)) ?? (await replaceDead(address));
    if (server === undefined) {
      await handle?.close();
      return undefined;
    }
    server.unref();
    return async () => {
      await new Promise((resolve) => server.close(resolve));
      await handle?.close();
    };
  } catch (error) {
    await handle?.close();
    throw error;
  }
}

async function addressIn(folder: string): Promise<{ address: string; handle?: FileHandle }> {
  if (process.platform === 'win32')
    return { address: `\\\\.\\pipe\\logowatch-${createHash('sha256').update(folder).digest('hex')}` };
  const address = join(folder, 'lock');
  if (Buffer.byteLength(address) <= ADDRESS_MAX || process.platform !== 'linux') return { address };
  const handle = await open(folder, 'r');
  return { address: `/proc/self/fd/${handle.fd}/lock`, handle };
}

/** Undefined where the address is taken. */
function listen(address: string): Promise<Server | undefined> {
  const server = createServer((connection) => connection.destroy());
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      if (errnoCode(error) === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(address, () => resolve(server));
  });
}

/** A process that died has left its address behind. Undefined where it lives. */
async function replaceDead(address: string): Promise<Server | undefined> {
  const alive = await new Promise<boolean>((resolve) => {
    const connection = connect(address);
    connection.once('connect', () => resolve(true));
    connection.once('error', (error) => resolve(errnoCode(error) !== 'ECONNREFUSED'));
    connection.once('close', () => connection.destroy());
    connection.unref();
  });
  if (alive) return undefined;
  await rm(address, { force: true });
  return listen(address);
}
