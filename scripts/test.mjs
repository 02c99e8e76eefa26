// `npm test [-- PATTERN ...]`: sets up a clean clone, then runs every test (or those whose path holds a pattern).
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, setUp } from './setup.mjs';

setUp();
if (process.argv[2] === '--set-up-only') process.exit(0);
const patterns = process.argv.slice(2);
const tests = readdirSync(join(root, 'test'), { recursive: true })
  .map((file) => String(file).replaceAll('\\', '/'))
  .filter(
    (file) => file.endsWith('.test.ts') && (patterns.length === 0 || patterns.some((p) => file.includes(p))),
  )
  .sort()
  .map((file) => join('dist', 'test', file.replace(/\.ts$/, '.js')));
if (tests.length === 0) {
  process.stderr.write(`no test matches ${patterns.join(', ')}\n`);
  process.exit(2);
}
// End-to-end tests run real streams in real time: one file at a time keeps them honest on small machines.
const options = ['--test', '--test-concurrency=1'];
for (const [reporter, destination] of [
  ['spec', 'stdout'],
  [new URL('deaths.mjs', import.meta.url).href, 'stderr'],
])
  options.push(`--test-reporter=${reporter}`, `--test-reporter-destination=${destination}`);
const child = spawn(process.execPath, ['--enable-source-maps', ...options, ...tests], {
  cwd: root,
  stdio: 'inherit',
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(signal ? 1 : (code ?? 1)));
