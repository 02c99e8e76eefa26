import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { LogowatchError } from '../../src/core/errors.js';
import { type OpsServer, startOps } from '../../src/telemetry/ops-server.js';
import { PinoTelemetry } from '../../src/telemetry/telemetry.js';

describe('what an orchestrator asks', () => {
  const telemetry = new PinoTelemetry('silent');
  let ready = false;
  let ops: OpsServer;
  const start = (port: number) =>
    startOps({
      host: '127.0.0.1',
      port,
      registry: telemetry.registry,
      checks: () => ({ model: true, bus: ready }),
    });
  before(async () => {
    ops = await start(0);
  });
  after(() => ops.close());
  const get = async (path: string, method = 'GET') => {
    const response = await fetch(ops.url + path, { method });
    return {
      status: response.status,
      type: response.headers.get('content-type') ?? '',
      text: await response.text(),
    };
  };

  it('is alive from the start, and ready once every check holds', async () => {
    assert.equal((await get('/healthz')).status, 200);
    const before = await get('/readyz');
    assert.equal(before.status, 503);
    assert.deepEqual(JSON.parse(before.text), { status: 'not ready', checks: { model: true, bus: false } });
    ready = true;
    assert.equal((await get('/readyz')).status, 200);
  });

  it('shows counters as Prometheus wants them, with bounded labels', async () => {
    for (const reason of ['a', 'b', 'c'])
      telemetry.emit({ type: 'record-rejected', topic: 'frames', reason });
    const { type, text } = await get('/metrics');
    assert.match(type, /^text\/plain; version=0\.0\.4/);
    assert.match(text, /^logowatch_records_rejected_total\{topic="frames"\} 3$/m);
  });

  it('answers nothing else', async () => {
    assert.equal((await get('/')).status, 404);
    assert.equal((await get('/metrics', 'POST')).status, 405);
    assert.equal((await get('/healthz', 'HEAD')).text, '');
  });

  it('a port that is taken is an error that names it', async () => {
    const port = Number(new URL(ops.url).port);
    await assert.rejects(
      start(port),
      (e) => e instanceof LogowatchError && e.code === 'config-invalid' && e.value === `127.0.0.1:${port}`,
    );
  });
});
