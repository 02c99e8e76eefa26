import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, readdirSync } from 'node:fs';
import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.js';

/** Where Debian puts each version's programs. */
const DEBIAN = '/usr/lib/postgresql';
const START_MS_MAX = 30_000;
export const PASSWORD = 'pg-secret-1';

function programs(): string | undefined {
  const versions = existsSync(DEBIAN) ? readdirSync(DEBIAN).map(Number).filter(Number.isFinite) : [];
  const folders = versions.sort((a, b) => b - a).map((version) => join(DEBIAN, String(version), 'bin'));
  return folders.find((folder) => existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'postgres')));
}

/** PostgreSQL refuses to run as root: then it runs as somebody without rights. */
function user(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (what: string) => Number(spawnSync('id', [what, 'nobody'], { encoding: 'utf8' }).stdout);
  return { uid: id('-u'), gid: id('-g') };
}

/** Why tests with a real PostgreSQL are skipped here; false where they run. Throws where LOGOWATCH_REQUIRE names `postgres`. */
export function withoutPostgres(): string | false {
  if (programs() !== undefined) return false;
  const why = `no ${DEBIAN}/*/bin: tests with a real PostgreSQL are skipped`;
  if ((process.env.LOGOWATCH_REQUIRE ?? '').split(',').includes('postgres')) throw new Error(why);
  return why;
}

export class TestPostgres {
  readonly port: number;
  readonly #folder: string;
  readonly #bin: string;
  #process: ChildProcess | undefined;

  private constructor(port: number, folder: string, bin: string) {
    this.port = port;
    this.#folder = folder;
    this.#bin = bin;
  }

  /** @param settings lines of postgresql.conf */
  static async start(settings: readonly string[] = []): Promise<TestPostgres> {
    const folder = await mkdtemp(join(tmpdir(), 'logowatch-postgres-'));
    const owner = user();
    if (owner !== undefined) chownSync(folder, owner.uid, owner.gid);
    const server = new TestPostgres(await freePort('tcp'), folder, programs()!);
    const made = spawnSync(
      '/bin/sh',
      [
        '-c',
        `umask 077; printf %s "$PASSWORD" > pw; exec "$0/initdb" -D data -U logowatch --pwfile=pw -A scram-sha-256 -E UTF8 --locale=C.UTF-8 --no-sync`,
        server.#bin,
      ],
      { cwd: folder, encoding: 'utf8', env: { ...process.env, PASSWORD }, ...owner },
    );
    if (made.status !== 0) throw new Error(`no cluster can be made: ${made.stderr}`);
    const lines = [
      "listen_addresses = '127.0.0.1'",
      "unix_socket_directories = ''",
      'max_connections = 20',
      ...settings,
    ];
    await appendFile(join(folder, 'data', 'postgresql.conf'), `${lines.join('\n')}\n`);
    await server.up();
    return server;
  }

  url(database = 'postgres', password = PASSWORD, name = 'logowatch'): string {
    return `postgres://${name}:${password}@127.0.0.1:${this.port}/${database}`;
  }

  async up(): Promise<void> {
    const data = join(this.#folder, 'data');
    const child = spawn(join(this.#bin, 'postgres'), ['-D', data, '-p', String(this.port)], {
      cwd: this.#folder,
      stdio: ['ignore', 'ignore', 'pipe'],
      ...user(),
    });
    this.#process = child;
    let log = '';
    child.stderr.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-4000);
    });
    const late = performance.now() + START_MS_MAX;
    while (!(log.includes('ready to accept connections') && (await this.#answers()))) {
      if (child.exitCode !== null || performance.now() > late) throw new Error(`no PostgreSQL: ${log}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** SIGQUIT ends it and its children at once, as a crash does; SIGINT cuts connections off and ends as it should. */
  async down(signal: 'SIGQUIT' | 'SIGINT' = 'SIGQUIT'): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }

  async stop(): Promise<void> {
    await this.down();
    await rm(this.#folder, { recursive: true, force: true });
  }

  #answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1');
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
  }
}
