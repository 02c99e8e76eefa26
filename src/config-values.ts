import { readFileSync } from 'node:fs';
import { keepFromChildren } from './core/child-environment.js';
import { errnoCode, LogowatchError } from './core/errors.js';

/** Of a secret that stands in a file. */
const FILE_BYTES_MAX = 64 * 1024;

/**
 * Puts values in place of `${NAME}` (a variable of the environment) and `${file:PATH}` (what a file holds, without the line
 * break at its end), in every string. Throws config-invalid, naming the key.
 */
export function interpolate(value: unknown, environment: NodeJS.ProcessEnv, path = ''): unknown {
  if (typeof value === 'string')
    return value.replace(/\$\{(?:file:([^}]+)|([A-Za-z_]\w*))\}/g, (_, file?: string, name = '') =>
      file === undefined ? fromEnvironment(name, environment, path) : fromFile(file, path),
    );
  if (Array.isArray(value)) return value.map((v, i) => interpolate(v, environment, `${path}[${i}]`));
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value);
  return Object.fromEntries(
    entries.map(([k, v]) => [k, interpolate(v, environment, path ? `${path}.${k}` : k)]),
  );
}

function fromEnvironment(name: string, environment: NodeJS.ProcessEnv, path: string): string {
  const found = environment[name];
  if (found === undefined)
    throw new LogowatchError('config-invalid', `${path}: the environment has no variable ${name}`, {
      remedy: `Set it: ${name}=... logowatch ...`,
    });
  keepFromChildren(name);
  return found;
}

function fromFile(file: string, path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    const what = errnoCode(cause) === 'ENOENT' ? 'there is no file' : 'a file cannot be read';
    throw new LogowatchError('config-invalid', `${path}: ${what}`, {
      value: file,
      remedy: 'Check the path in ${file:...}, and who may read it',
      cause,
    });
  }
  if (bytes.length > FILE_BYTES_MAX)
    throw new LogowatchError('config-invalid', `${path}: a file is larger than ${FILE_BYTES_MAX} bytes`, {
      value: file,
      remedy: 'Name a file that holds one value',
    });
  return bytes.toString('utf8').replace(/\r?\n$/, '');
}
