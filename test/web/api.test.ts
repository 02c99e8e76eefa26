import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc, { type Arbitrary } from 'fast-check';
import { LazyStore } from '../../src/web/lazy-store.js';
import { any, hostileText, type Schema, valid } from './generated.js';
import { appear, lookedAt, startTestServer, type TestServer } from './support.js';

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly schema: Schema;
}

interface Described {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { schema: Schema }>> }>
  >;
  readonly 'x-role'?: string;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: object;
}

interface Operation {
  readonly path: string;
  readonly method: string;
  readonly parameters: readonly Parameter[];
  readonly body: Schema | undefined;
  readonly described: Described;
}

interface Request {
  readonly values: readonly (readonly [Parameter, unknown])[];
  readonly body: unknown;
}

const RUNS = 40;
/** In the path of a request: what a URL could not bear otherwise. */
const written = (value: unknown): string =>
  encodeURIComponent(
    (typeof value === 'string' ? value : JSON.stringify(value)).replace(/\p{Surrogate}/gu, '\ufffd'),
  );

for (const kind of ['memory', 'embedded database'] as const) {
  describe(`the API as its document says, on ${kind}`, { timeout: 240_000 }, () => {
    let server: TestServer;
    let store: LazyStore | undefined;
    let document: Document;
    let looking: NodeJS.Timeout;
    const folder = mkdtempSync(join(tmpdir(), 'logowatch-api-'));
    const ids: string[] = [];
    const frames: string[] = [];

    before(async () => {
      if (kind !== 'memory') store = new LazyStore({ path: join(folder, 'store') });
      server = await startTestServer({}, store);
      await server.addStreams(['news', 'sports']);
      for (const n of [1, 2, 3]) {
        const event = await appear(server.state, n);
        await store?.upsert([event]);
        ids.push(event.id);
        const kept = await server.state.evidence.of(event.id);
        if (kept !== undefined) frames.push(kept.id);
      }
      // Somebody looks at a stream that runs.
      looking = setInterval(() => {
        void server.state.live.look(['news']);
        server.state.see(lookedAt({ streamId: 'news', session: 's1', ptsMs: 9_000 }));
      }, 100);
      document = (await (await fetch(`${server.url}/api/openapi.json`)).json()) as Document;
    });
    after(async () => {
      clearInterval(looking);
      await server.close();
      await store?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    /** What takes away comes last: the others need something to work on. */
    function operations(): Operation[] {
      const all = Object.entries(document.paths).flatMap(([path, methods]) =>
        Object.entries(methods)
          .filter(([method]) => method !== 'parameters')
          .map(([method, described]) => ({
            ...{ path, method, described },
            parameters: [
              ...((methods as unknown as Described).parameters ?? []),
              ...(described.parameters ?? []),
            ],
            body: described.requestBody?.content['application/json']?.schema,
          })),
      );
      return all.sort((a, b) => Number(a.method === 'delete') - Number(b.method === 'delete'));
    }

    /** Ids that are there as well as any others. */
    function valueFor(parameter: Parameter, of: typeof any): Arbitrary<unknown> {
      const known = parameter.name === 'id' ? [...ids, ...frames, 'news', 'sports'] : [];
      const anything = of(parameter.schema);
      const value = known.length === 0 ? anything : fc.oneof(fc.constantFrom(...known), anything);
      return parameter.required ? value : fc.option(value, { nil: undefined, freq: 1 });
    }

    /** Half of them as the document wants them. */
    const requestOf = ({ parameters, body }: Operation): Arbitrary<Request> =>
      fc.oneof(
        ...[valid, any].map((of) =>
          fc.record({
            values: fc.tuple(...parameters.map((p) => valueFor(p, of).map((v) => [p, v] as const))),
            body: body === undefined ? fc.constant(undefined) : of(body),
          }),
        ),
      );

    async function send({ path, method }: Operation, { values, body }: Request) {
      let url = path;
      const query: string[] = [];
      for (const [p, value] of values) {
        if (value === undefined) continue;
        // An empty part of a path is another path.
        if (p.in === 'path') url = url.replace(`{${p.name}}`, written(value) || '%20');
        else query.push(`${p.name}=${Array.isArray(value) ? value.map(written).join(',') : written(value)}`);
      }
      return fetch(`${server.url}${url}${query.length > 0 ? `?${query.join('&')}` : ''}`, {
        method: method.toUpperCase(),
        ...(body !== undefined && {
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
      });
    }

    it('answers whatever is asked with what the document says, and never with a 5xx', async () => {
      const ajv = new Ajv2020({ strict: false, validateFormats: false });
      ajv.addSchema({ $id: 'api', components: document.components });
      const statuses = new Map<string, Set<number>>();
      for (const operation of operations()) {
        const { path, method, described } = operation;
        if (path === '/api/events') continue;
        const name = `${method} ${path}`;
        const seen = new Set<number>();
        statuses.set(name, seen);
        await fc.assert(
          fc.asyncProperty(requestOf(operation), async (request) => {
            const response = await send(operation, request);
            const { status } = response;
            seen.add(status);
            assert.ok(status < 500, `${name}: ${status} ${await response.clone().text()}`);
            const answer = described.responses[status];
            assert.ok(answer !== undefined, `${name} answers ${status}, which the document does not know`);
            const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
            const content = answer.content?.[type];
            const bytes = Buffer.from(await response.arrayBuffer());
            if (answer.content === undefined) return assert.equal(bytes.length, 0, name);
            assert.ok(content !== undefined, `${name}: ${status} as ${type}`);
            if (!type.endsWith('json')) return;
            const schema = JSON.parse(JSON.stringify(content.schema).replaceAll('"#/', '"api#/'));
            const isValid = ajv.compile(schema);
            const json = JSON.parse(bytes.toString()) as { missed?: { id: string } };
            assert.ok(isValid(json), `${name}: ${ajv.errorsText(isValid.errors)}`);
            if (status === 201 && json.missed !== undefined) ids.push(json.missed.id);
          }),
          { numRuns: RUNS, seed: 6, endOnFailure: true, includeErrorInReport: true },
        );
      }
      // A generator that never gets through would show nothing.
      for (const [name, seen] of statuses)
        assert.ok(
          [...seen].some((s) => s < 300),
          `${name} was never answered well: ${[...seen]}`,
        );
    });

    it('bears what no document foresees', async () => {
      const raw = fc.tuple(
        fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'),
        fc.constantFrom(
          '/api/appearances/',
          '/api/streams/',
          '/api/frames/',
          '/api/missed/',
          '/api/',
          '/',
          '/vendor/',
        ),
        fc.oneof(
          hostileText.map(written),
          fc.constantFrom('%zz', '..%2f..%2fpackage.json', '%c0%ae', '../src/cli.ts'),
        ),
        fc.option(hostileText, { nil: undefined }),
      );
      await fc.assert(
        fc.asyncProperty(raw, async ([method, prefix, rest, body]) => {
          const response = await fetch(server.url + prefix + rest, {
            method,
            ...(body !== undefined && method !== 'GET' && method !== 'HEAD' && { body }),
          });
          await response.arrayBuffer();
          assert.ok(response.status < 500, `${method} ${prefix}${rest}: ${response.status}`);
          assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
        }),
        { numRuns: 150, seed: 6, endOnFailure: true, includeErrorInReport: true },
      );
      assert.doesNotMatch(
        JSON.stringify(await (await fetch(`${server.url}/api/health`)).json()),
        /s3cret-pw/,
      );
    });
  });
}

describe('roles', () => {
  const tokens = (['viewer', 'reviewer', 'operator'] as const).map((role) => ({
    role,
    token: `${role}-0123456789abc`,
  }));
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ tokens });
    await server.addStreams(['news']);
  });
  after(() => server.close());

  it('may do what the document says, and no more; nothing without a token', async () => {
    const document = (await (await fetch(`${server.url}/api/openapi.json`)).json()) as Document;
    let asked = 0;
    for (const [path, methods] of Object.entries(document.paths))
      for (const [method, { 'x-role': role }] of Object.entries(methods)) {
        if (method === 'parameters' || path === '/api/events') continue;
        const ask = async (token: string | undefined) => {
          const response = await fetch(server.url + path.replace('{id}', 'none'), {
            method: method.toUpperCase(),
            headers: {
              ...(token !== undefined && { authorization: `Bearer ${token}` }),
              ...(method === 'put' && { 'content-type': 'application/json' }),
            },
            ...(method === 'put' && { body: '{}' }),
          });
          await response.arrayBuffer();
          return response.status;
        };
        for (const wrong of [undefined, 'x', 'viewer-0123456789abcd', ''])
          assert.equal(await ask(wrong), 401, `${method} ${path} ${wrong}`);
        assert.ok(role, `${method} ${path} says who may`);
        const least = tokens.findIndex((t) => t.role === role);
        for (const [i, { token }] of tokens.entries()) {
          const status = await ask(token);
          if (i < least) assert.equal(status, 403, `${method} ${path} as ${tokens[i]?.role}`);
          else
            assert.ok(status !== 401 && status !== 403, `${method} ${path} as ${tokens[i]?.role}: ${status}`);
          asked++;
        }
      }
    assert.ok(asked > 40);
  });
});
