import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

export interface PythonRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * A Python with the packages of a requirements file, in a virtual environment of the cache folder that is made once from
 * PyPI. A string says why there is none; throws where LOGOWATCH_REQUIRE names python.
 */
export function pythonWith(requirements: string): { readonly path: string } | string {
  const found = made(requirements);
  if (typeof found !== 'string') return found;
  if ((process.env.LOGOWATCH_REQUIRE ?? '').split(',').includes('python')) throw new Error(found);
  return `${found}: the Python example is not run`;
}

/** Runs to its end, at most a minute. */
export function runPython(python: { readonly path: string }, args: readonly string[]): PythonRun {
  const { status, stdout, stderr } = spawnSync(python.path, args, { encoding: 'utf8', timeout: 60_000 });
  return { code: status, stdout, stderr };
}

function made(requirements: string): { readonly path: string } | string {
  const [major, minor] = versionOf('python3');
  if (major === undefined || minor === undefined) return 'no python3';
  const name = createHash('sha256')
    .update(readFileSync(requirements))
    .update(`${major}.${minor}`)
    .digest('hex');
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folder = join(cache, 'logowatch-test', `python-${name.slice(0, 12)}`);
  const python = { path: join(folder, 'bin', 'python') };
  if (existsSync(python.path)) return python;
  const work = `${folder}.${process.pid}`;
  mkdirSync(dirname(folder), { recursive: true });
  try {
    const venv = spawnSync('python3', ['-m', 'venv', work], { encoding: 'utf8', timeout: 60_000 });
    if (venv.status !== 0) return 'python3 has no venv';
    const pip = ['-m', 'pip', 'install', '--quiet', '--only-binary=:all:', '-r', requirements];
    const installed = spawnSync(join(work, 'bin', 'python'), pip, { encoding: 'utf8', timeout: 120_000 });
    if (installed.status !== 0) return `PyPI does not give ${requirements}`;
    renameSync(work, folder);
    return python;
  } catch (error) {
    // Another test file was quicker.
    if (existsSync(python.path)) return python;
    throw error;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function versionOf(command: string): (string | undefined)[] {
  const { status, stdout } = spawnSync(command, ['--version'], { encoding: 'utf8' });
  return status === 0 ? (/(\d+)\.(\d+)/.exec(stdout)?.slice(1) ?? []) : [];
}
