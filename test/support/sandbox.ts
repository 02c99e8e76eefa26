import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { repoRoot } from '../../src/core/root.js';
import { unlessRequired } from './deploy-tools.js';
import type { Stage } from './dockerfile.js';
import { children } from './processes.js';

/** Of the machine's own root: what Debian's packages bring. */
const SYSTEM = ['usr', 'bin', 'sbin', 'lib', 'lib32', 'lib64'];
const SETTINGS = ['alternatives', 'fonts', 'hosts', 'ld.so.cache', 'nsswitch.conf', 'resolv.conf', 'ssl'];
/** Left out by the Dockerfile, since the image has Debian's ffmpeg. */
const REMOVED = ['@ffmpeg-installer/'];

/** Why no process can be shut in here; false where it can. Throws where LOGOWATCH_REQUIRE has `deploy`. */
export function withoutSandbox(): string | false {
  const works =
    spawnSync('unshare', ['--mount', '--pid', '--fork', 'setpriv', '--bounding-set=-all', 'tini', '-h'])
      .status === 0;
  return (
    !works && unlessRequired('no root, unshare, setpriv or tini: the images’ commands are not run shut in')
  );
}

/** Mounts what is listed below $1, and nothing of it can be written but /tmp and /data; then runs the rest as PID 1. */
const SCRIPT = `set -e
root=$1 data=$2 workdir=$3 user=$4; shift 4
mount --bind "$root" "$root"
while IFS="$(printf '\\t')" read -r from to; do mount --rbind "$from" "$root$to"; mount -o remount,bind,ro "$root$to"; done < "$root/mounts"
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
if [ "$data" != - ]; then mount --bind "$data" "$root/data"; fi
mount -o remount,bind,ro "$root"
exec chroot "$root" /usr/bin/setpriv --reuid "\${user%:*}" --regid "\${user#*:}" --clear-groups --no-new-privs \\
  --inh-caps=-all --bounding-set=-all /bin/sh -c 'cd "$0" && exec "$@"' "$workdir" "$@"
`;

export interface ContainerOptions {
  /** Instead of the image's own command. */
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** By their paths in the container. */
  readonly files?: Readonly<Record<string, string>>;
  /** Mounted at /data; otherwise /data is read-only as all else. */
  readonly data?: string;
}

export interface Container {
  readonly child: ChildProcess;
  readonly text: { stdout: string; stderr: string };
  readonly ended: Promise<number | null>;
  /** Of its PID 1, as the machine has it. */
  readonly pid: () => number | undefined;
}

/** What an engine for containers would make of our Dockerfile's last stage, from this checkout's build and this machine's system. */
export class Sandbox {
  readonly #image: Stage;
  readonly #folders: string[] = [];
  readonly #running: Container[] = [];

  constructor(image: Stage) {
    this.#image = image;
  }

  start({ command, environment = {}, files = {}, data }: ContainerOptions): Container {
    const { entrypoint, workdir = '/', user = '' } = this.#image;
    const root = this.#assemble(files);
    const args = [
      '--mount',
      '--pid',
      '--fork',
      '--kill-child',
      '--propagation',
      'private',
      'sh',
      '-c',
      SCRIPT,
      'sh',
    ];
    const child = spawn('unshare', [...args, root, data ?? '-', workdir, user, ...entrypoint, ...command], {
      env: {
        PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
        ...this.#image.environment,
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const text = { stdout: '', stderr: '' };
    child.stdout.on('data', (d) => (text.stdout += d));
    child.stderr.on('data', (d) => (text.stderr += d));
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const container = { child, text, ended, pid: () => children(child.pid)[0]?.pid };
    this.#running.push(container);
    return container;
  }

  async close(): Promise<void> {
    for (const { child, ended } of this.#running) {
      child.kill('SIGKILL');
      await ended;
    }
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
  }

  #assemble(files: Readonly<Record<string, string>>): string {
    const root = mkdtempSync(join(tmpdir(), 'logowatch-image-'));
    this.#folders.push(root);
    const mounts: string[] = [];
    const bind = (from: string, to: string): void => {
      if (lstatSync(from).isDirectory()) {
        mkdirSync(join(root, to), { recursive: true });
        mounts.push(`${from}\t${to}\n`);
      } else cpSync(from, join(root, to), { recursive: true });
    };
    for (const name of SYSTEM) if (existsSync(`/${name}`)) bind(`/${name}`, `/${name}`);
    for (const name of ['app', 'data', 'dev', 'etc', 'proc', 'tmp'])
      mkdirSync(join(root, name), { recursive: true });
    for (const name of SETTINGS)
      if (existsSync(`/etc/${name}`))
        cpSync(`/etc/${name}`, join(root, 'etc', name), { recursive: true, verbatimSymlinks: true });
    for (const { sources, target } of this.#image.copies)
      for (const source of sources) {
        if (source === '/app/node_modules')
          for (const path of productionPackages()) bind(join(repoRoot(), path), `/app/${path}`);
        else if (source.startsWith('/app/')) bind(join(repoRoot(), source.slice('/app/'.length)), target);
        else bind(join(repoRoot(), source), target.endsWith('/') ? join(target, source) : target);
      }
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    writeFileSync(join(root, 'mounts'), mounts.join(''));
    spawnSync('chmod', ['-R', 'a+rX', root]);
    return root;
  }
}

/** Folders below node_modules that are left after `npm prune --omit=dev`, those inside others left out. */
function productionPackages(): string[] {
  const { packages } = JSON.parse(readFileSync(join(repoRoot(), 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean; peer?: boolean }>;
  };
  return Object.entries(packages)
    .filter(([path, { dev }]) => /^node_modules\/(?:@[^/]+\/)?[^/]+$/.test(path) && dev !== true)
    .map(([path]) => path)
    .filter((path) => !REMOVED.some((name) => path.startsWith(`node_modules/${name}`)))
    .filter((path) => existsSync(join(repoRoot(), path)));
}
