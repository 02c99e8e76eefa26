import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createApi } from '../../src/streams/api.js';
import { StreamControl } from '../../src/streams/control.js';
import { MemoryDirectory } from '../../src/streams/directory.js';
import { type OpsServer, startOps } from '../../src/telemetry/ops-server.js';
import { PinoTelemetry } from '../../src/telemetry/telemetry.js';

const token = 'a-token-of-more-than-16';

describe('the API of streams', () => {
  const directory = new MemoryDirectory();
  let ops: OpsServer;

  before(async () => {
    await directory.put({
      stream: { id: 'named', url: 'rtsp://viewer:s3cret-pw@host/named' },
      owner: 'studio',
      paused: false,
      revision: '1',
    });
    const control = new StreamControl({ directory, status: () => undefined, check: () => {} });
    const config = () => ({ loadedAt: null, error: null });
    const api = await createApi({ control, token, node: 'n', version: '1', config });
    const registry = new PinoTelemetry('silent').registry;
    ops = await startOps({ host: '127.0.0.1', port: 0, registry, checks: () => ({}), api: () => api });
  });
  after(() => ops.close());

  async function call(method: string, path: string, body?: unknown, authorization?: string | null) {
    const response = await fetch(ops.url + path, {
      method,
      headers: {
        ...(authorization !== null && { authorization: authorization ?? `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const type = response.headers.get('content-type') ?? '';
    return { status: response.status, type, text, json: text === '' ? undefined : JSON.parse(text) };
  }

  it('does nothing for who has no token, or a wrong one, whatever the path', async () => {
    for (const wrong of [null, 'Bearer x', `Bearer ${token}x`, `Basic ${token}`, token, 'Bearer '])
      for (const [method, path] of [
        ['GET', '/api/streams'],
        ['GET', '/api/streams/named'],
        ['PUT', '/api/streams/new'],
        ['DELETE', '/api/streams/named'],
        ['POST', '/api/streams/named/pause'],
        ['POST', '/api/streams/named/resume'],
      ] as const) {
        const { status, type, json } = await call(
          method,
          path,
          method === 'PUT' ? { url: 'rtsp://h/x' } : undefined,
          wrong,
        );
        assert.equal(status, 401, `${method} ${path} ${wrong}`);
        assert.match(type, /^application\/problem\+json/);
        assert.equal(json.status, 401);
      }
    assert.deepEqual([...directory.entries().keys()], ['named']);
    assert.equal(directory.entries().get('named')?.paused, false);
  });

  it('shows streams without their secrets', async () => {
    const { status, text, json } = await call('GET', '/api/streams');
    assert.equal(status, 200);
    assert.doesNotMatch(text, /s3cret-pw/);
    assert.equal(json.streams[0].url, 'rtsp://***@host/named');
    assert.equal(json.streams[0].state, 'unassigned');
    assert.equal(json.node, 'n');
  });

  it('adds, changes, pauses, resumes and removes', async () => {
    assert.equal((await call('PUT', '/api/streams/x', { url: 'rtsp://h/x', fps: 2 })).status, 201);
    const changed = await call('PUT', '/api/streams/x', { url: 'rtsp://h/y' });
    assert.deepEqual([changed.status, changed.json.url, changed.json.fps], [200, 'rtsp://h/y', null]);
    assert.equal((await call('POST', '/api/streams/x/pause')).status, 204);
    assert.equal((await call('GET', '/api/streams/x')).json.state, 'paused');
    assert.equal((await call('POST', '/api/streams/x/resume')).status, 204);
    assert.equal((await call('GET', '/api/streams/x')).json.paused, false);
    assert.equal((await call('DELETE', '/api/streams/x')).status, 204);
    for (const [method, path] of [
      ['GET', '/api/streams/x'],
      ['DELETE', '/api/streams/x'],
      ['POST', '/api/streams/x/pause'],
      ['GET', '/api/elsewhere'],
    ] as const)
      assert.equal((await call(method, path)).status, 404, `${method} ${path}`);
  });

  it('refuses what is no stream, and says what is wrong with it', async () => {
    for (const [id, body, says] of [
      ['x', { url: 'rtsp://h/x', fps: 0 }, /fps/],
      ['x', { url: 'rtsp://h/x', fsp: 5 }, /fsp/],
      ['x', {}, /url/],
      ['x', { url: 5 }, /url/],
      ['x', [], /url/],
      ['x', '{"url"', /JSON|json/],
      ['a%20b', { url: 'rtsp://h/x' }, /id/],
      ['..%2Fx', { url: 'rtsp://h/x' }, /id/],
      ['x', { url: 'rtsp://h/x', id: 'y', owner: 'studio' }, /owner/],
    ] as const) {
      const { status, json } = await call('PUT', `/api/streams/${id}`, body);
      assert.equal(status, 400, `${id} ${JSON.stringify(body)}`);
      assert.match(json.detail, says);
    }
    assert.equal(
      (await call('PUT', '/api/streams/x', { url: `rtsp://h/${'x'.repeat(70_000)}` })).status,
      413,
    );
    assert.deepEqual([...directory.entries().keys()], ['named']);
  });

  it('refuses a password in a URL without repeating it, and says how to name it instead', async () => {
    for (const url of [
      'rtsp://viewer:tr0ub4dor@h/x',
      'https://h/x.m3u8?token=tr0ub4dor',
      'rtsp://u:${A}tr0ub4dor@h/x',
    ]) {
      const { status, json, text } = await call('PUT', '/api/streams/x', { url });
      assert.equal(status, 400);
      assert.match(json.detail, /\$\{CAM_PASSWORD\}/);
      assert.doesNotMatch(text, /tr0ub4dor/);
    }
    const named = await call('PUT', '/api/streams/x', {
      url: 'rtsp://${U}:${file:/run/secrets/p}@h/x?token=${T}',
    });
    assert.equal(named.status, 201);
    await call('DELETE', '/api/streams/x');
  });

  it('leaves what a config names to that config, but for pauses', async () => {
    for (const [method, body] of [
      ['PUT', { url: 'rtsp://h/x' }],
      ['DELETE', undefined],
    ] as const) {
      const { status, json } = await call(method, '/api/streams/named', body);
      assert.equal(status, 409);
      assert.match(json.detail, /"studio"/);
    }
    assert.equal((await call('POST', '/api/streams/named/pause')).status, 204);
    assert.equal(directory.entries().get('named')?.paused, true);
    assert.equal(directory.entries().get('named')?.stream.url, 'rtsp://viewer:s3cret-pw@host/named');
  });

  it('describes itself, each route that it has and no other', async () => {
    const { status, json } = await call('GET', '/api/openapi.json', undefined, null);
    assert.equal(status, 200);
    assert.equal(json.openapi, '3.1.0');
    for (const [path, operations] of Object.entries(json.paths as Record<string, object>))
      for (const method of ['get', 'put', 'post', 'delete']) {
        const { status } = await call(method.toUpperCase(), path.replace('{id}', 'nobody'), undefined, null);
        assert.equal(status, method in operations ? 401 : 404, `${method} ${path}`);
      }
    assert.ok(
      json.paths['/api/streams/{id}'].put.requestBody.content['application/json'].schema.properties.url,
    );
  });
});
