// Makes a clean clone runnable with Node and npm alone: installs what the lock file names, builds what changed.
// Everything it prints goes to stderr: stdout belongs to the program's answers.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const NODE_MIN = [20, 19];

function fail(message) {
  process.stderr.write(`logowatch: ${message}\n`);
  process.exit(1);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])) return;
  fail(`Node ${process.versions.node} is too old: install Node ${NODE_MIN.join('.')} or newer`);
}

function run(command, args, what) {
  const started = Date.now();
  process.stderr.write(`logowatch: ${what} ...\n`);
  // stdout of the child goes to our stderr
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (result.error) fail(`${what} failed: ${result.error.message}`);
  if (result.status !== 0) fail(`${what} failed (exit ${result.status}); the lines above say why`);
  process.stderr.write(`logowatch: ${what}: ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}

/** The npm that runs us, else the one beside Node, else the one on PATH. */
function npm(args, what) {
  const script = process.env.npm_execpath;
  if (script && /\.c?js$/.test(script) && existsSync(script)) run(process.execPath, [script, ...args], what);
  else run(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, what);
}

function fingerprint(files, content) {
  const hash = createHash('sha256')
    .update(process.versions.modules)
    .update(process.platform + process.arch);
  for (const file of files) {
    const path = join(root, file);
    hash
      .update(file)
      .update(content ? readFileSync(path) : `${statSync(path).mtimeMs}:${statSync(path).size}`);
  }
  return hash.digest('hex');
}

function sources(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sources(path);
    return /\.(ts|json)$/.test(entry.name) ? [path] : [];
  });
}

function upToDate(stamp, value) {
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === value;
}

function install() {
  const stamp = join(root, 'node_modules', '.logowatch-installed');
  const value = fingerprint(['package.json', 'package-lock.json', '.npmrc'], true);
  if (upToDate(stamp, value)) return;
  npm(['ci', '--no-progress', '--loglevel=error'], 'installing packages (npm ci)');
  writeFileSync(stamp, value);
}

function build() {
  const stamp = join(root, 'dist', '.logowatch-built');
  const folders = ['src', 'test', 'bench', 'scripts'].filter((folder) => existsSync(join(root, folder)));
  const value = fingerprint(
    [...folders.flatMap(sources), 'tsconfig.json', 'package-lock.json'].sort(),
    false,
  );
  if (upToDate(stamp, value)) return;
  rmSync(stamp, { force: true });
  run(
    process.execPath,
    [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.json'],
    'building',
  );
  writeFileSync(stamp, value);
}

export function setUp() {
  checkNode();
  install();
  build();
}
