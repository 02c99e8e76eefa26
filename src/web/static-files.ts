import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { repoRoot } from '../core/root.js';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The page as it lies in the package, and uPlot: a few files, known by name, read once. No path of a request is ever opened. */
export function serveFiles(app: FastifyInstance): void {
  const page = join(repoRoot(), 'src', 'web', 'page');
  const plot = dirname(createRequire(import.meta.url).resolve('uplot/dist/uPlot.esm.js'));
  const files = new Map<string, string>(readdirSync(page).map((name) => [`/${name}`, join(page, name)]));
  for (const name of ['uPlot.esm.js', 'uPlot.min.css']) files.set(`/vendor/${name}`, join(plot, name));
  files.set('/', join(page, 'index.html'));
  for (const [url, path] of files) {
    const type = TYPES[extname(path)];
    if (type === undefined) continue;
    const body = readFileSync(path);
    app.get(url, async (_, reply) => reply.type(type).header('cache-control', 'no-cache').send(body));
  }
}
