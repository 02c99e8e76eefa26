import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { repoRoot } from '../src/core/root.js';

const INSTALL_MS_MAX = 600_000;

/**
 * A Python with the packages of a requirements file from PyPI, in a virtual environment under .cache that is made once; a
 * string says why there is none.
 */
export async function pythonOf(requirements: string): Promise<{ readonly path: string } | string> {
  const version = spawnSync('python3', ['--version'], { encoding: 'utf8' });
  if (version.status !== 0) return 'no python3';
  const name = createHash('sha256').update(readFileSync(requirements)).update(version.stdout).digest('hex');
  const folder = join(repoRoot(), '.cache', 'bench', `python-${name.slice(0, 12)}`);
  const python = { path: join(folder, 'bin', 'python') };
  if (existsSync(python.path)) return python;
  const work = `${folder}.partial`;
  rmSync(work, { recursive: true, force: true });
  await mkdir(dirname(folder), { recursive: true });
  if (spawnSync('python3', ['-m', 'venv', work], { stdio: 'ignore' }).status !== 0)
    return 'python3 has no venv';
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '--only-binary=:all:',
    '-r',
    requirements,
  ];
  const installed = spawnSync(join(work, 'bin', 'python'), pip, { stdio: 'ignore', timeout: INSTALL_MS_MAX });
  if (installed.status !== 0) return `PyPI does not give what ${requirements.split('/').at(-1)} asks for`;
  renameSync(work, folder);
  return python;
}
