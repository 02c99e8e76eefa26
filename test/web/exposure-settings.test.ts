import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exposureSchema } from '../../src/exposure/settings.js';
import { appearance, startTestServer } from './support.js';

test('the page counts as the config says', { timeout: 30_000 }, async () => {
  const rates = { currency: 'EUR', default: { per30s: 300 } };
  const exposure = exposureSchema.parse({ bands: [0.2], rates });
  const server = await startTestServer({}, undefined, exposure);
  try {
    await server.state.sink().write([appearance(1, { exposureMs: 2_000 })]);
    const { report } = (await (await fetch(`${server.url}/api/exposure`)).json()) as {
      report: { settings: { bands: number[] }; currency: string };
    };
    assert.deepEqual(report.settings.bands, [0.2]);
    assert.equal(report.currency, 'EUR');
  } finally {
    await server.close();
  }
});
