import assert from 'node:assert/strict';
import { request } from 'node:http';
import { afterEach, describe, it } from 'node:test';
import { parseConfig, redactConfig } from '../../src/config.js';
import { startTestServer, type TestServer } from './support.js';

describe('who may ask', { timeout: 60_000 }, () => {
  let server: TestServer;
  afterEach(() => server?.close());

  /** As a browser could, with any Host: fetch would not let us. */
  function ask(headers: Record<string, string>, method = 'GET', path = '/api/health') {
    return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]> }>((resolve, reject) => {
      const asked = request(`${server.url}${path}`, { method, headers }, (response) => {
        response.resume();
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers }));
      });
      asked.on('error', reject);
      asked.end();
    });
  }

  it('without tokens: only by the names of this machine', async () => {
    server = await startTestServer();
    const { port } = new URL(server.url);
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, '127.0.0.1', `[::1]:${port}`])
      assert.equal((await ask({ host })).status, 200, host);
    for (const host of [
      'evil.example',
      `evil.example:${port}`,
      `127.0.0.1.evil.example:${port}`,
      'localhost.evil.example',
    ])
      for (const path of ['/api/health', '/', '/api/openapi.json'])
        assert.equal((await ask({ host }, 'GET', path)).status, 421, `${host} ${path}`);
  });

  it('pages of other origins change nothing and read nothing', async () => {
    server = await startTestServer();
    await server.addStreams(['news']);
    const own = server.url;
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { origin: own.replace('http:', 'ftp:') },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'cors' },
    ] as Record<string, string>[])
      for (const [method, path] of [
        ['GET', '/api/health'],
        ['GET', '/api/events'],
        ['POST', '/api/streams/news/pause'],
        ['DELETE', '/api/streams/news'],
      ] as const) {
        const { status, headers: answered } = await ask(headers, method, path);
        assert.equal(status, 403, `${JSON.stringify(headers)} ${method} ${path}`);
        assert.equal(answered['access-control-allow-origin'], undefined);
      }
    assert.equal(server.state.control.view('news').paused, false);
    assert.equal(
      (await ask({ origin: own, 'sec-fetch-site': 'same-origin' }, 'POST', '/api/streams/news/pause')).status,
      204,
    );
    assert.equal(
      (await ask({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, 'GET', '/')).status,
      200,
    );
  });

  it('an origin that the config lists may ask, with a token', async () => {
    const token = 'operator-0123456789';
    const origin = 'https://tools.example';
    server = await startTestServer({ cors: [origin], tokens: [{ token, role: 'operator' }] });
    const preflight = await ask({ origin, 'access-control-request-method': 'PUT' }, 'OPTIONS');
    assert.deepEqual([preflight.status, preflight.headers['access-control-allow-origin']], [204, origin]);
    assert.equal((await ask({ origin })).status, 401);
    const asked = await ask({ origin, authorization: `Bearer ${token}`, 'sec-fetch-site': 'cross-site' });
    assert.deepEqual([asked.status, asked.headers['access-control-allow-origin']], [200, origin]);
    assert.equal(
      (await ask({ origin: 'https://tools.example.evil', authorization: `Bearer ${token}` })).status,
      403,
    );
  });

  it('every answer forbids what the page does not need', async () => {
    server = await startTestServer();
    for (const path of ['/', '/app.js', '/vendor/uPlot.esm.js', '/api/health', '/none']) {
      const { headers } = await ask({}, 'GET', path);
      assert.match(
        String(headers['content-security-policy']),
        /^default-src 'self';.*frame-ancestors 'none'/,
        path,
      );
      assert.equal(headers['x-content-type-options'], 'nosniff', path);
      assert.equal(headers['referrer-policy'], 'no-referrer', path);
      assert.equal(headers['set-cookie'], undefined, path);
    }
  });

  it('refuses to be open to the network without tokens', async () => {
    for (const listen of ['0.0.0.0:0', '[::]:0', 'tv.example:80'])
      await assert.rejects(startTestServer({ listen }), /open to everybody/, listen);
  });

  it('the config is checked, and shown without its tokens', () => {
    const web = { tokens: [{ token: 'operator-0123456789', role: 'operator' }] };
    assert.doesNotMatch(JSON.stringify(redactConfig(parseConfig({ web }))), /operator-0123456789/);
    for (const [wrong, says] of [
      [{ listen: 'nowhere' }, /HOST:PORT/],
      [{ listen: 'localhost:70000' }, /port/],
      [{ tokens: [{ token: 'short', role: 'viewer' }] }, /16 characters/],
      [{ tokens: [{ token: 'operator-0123456789', role: 'root' }] }, /role/],
      [{ cors: ['*'] }, /origin/],
      [{ lisen: 'localhost:1' }, /did you mean "listen"/],
    ] as const)
      assert.throws(() => parseConfig({ web: wrong }), says);
  });
});
