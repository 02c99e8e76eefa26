import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseConfig } from '../../src/config.js';
import { parseRateCard } from '../../src/exposure/rates.js';

describe('a rate card', () => {
  const fails = (value: unknown, message: RegExp) =>
    assert.throws(() => parseRateCard(value, 'rates.yaml'), { code: 'config-invalid', message });
  const streams = (rate: unknown) => ({ currency: 'EUR', streams: { news: rate } });

  it('names what is wrong with it', () => {
    fails({}, /^rates\.yaml: currency: /);
    fails({ currency: 'euro' }, /currency: use three letters, as EUR/);
    fails(streams({}), /streams\.news: give per30s, or cpm and audience/);
    fails(streams({ per30s: 1, cpm: 2, audience: 3 }), /streams\.news: give per30s, or cpm and audience/);
    fails(streams({ cpm: 2 }), /streams\.news: give per30s, or cpm and audience/);
    fails(streams({ per30s: -1 }), /streams\.news\.per30s: /);
    fails(streams({ per30s: 1, price: 2 }), /streams\.news: .*"price"/);
    const hours = (...entries: unknown[]) => streams({ per30s: 1, hours: entries });
    fails(hours({ from: 25, to: 2, per30s: 1 }), /streams\.news\.hours\[0\]\.from: /);
    fails(hours({ from: 2, to: 2, per30s: 1 }), /from and to are the same hour/);
    fails(hours({ from: 18, to: 20 }), /streams\.news\.hours\[0\]: give per30s, or cpm and audience/);
    const twice = [
      { from: 22, to: 2, per30s: 1 },
      { from: 1, to: 3, per30s: 1 },
    ];
    fails(hours(...twice), /streams\.news\.hours: two prices for the hour from 1/);
    fails('EUR 300', /the whole: /);
  });
});

describe('exposure in the config', () => {
  const of = (exposure: unknown) => parseConfig({ exposure }).exposure;
  const fails = (exposure: unknown, message: RegExp) =>
    assert.throws(() => of(exposure), { code: 'config-invalid', message });

  it('has bands at 2.5, 5 and 10 % and equal weights by default', () => {
    const byDefault = {
      bands: [0.025, 0.05, 0.1],
      sizeFull: 0.1,
      legibleSide: 0.05,
      quality: { size: 1, position: 1, clarity: 1, solus: 1 },
    };
    assert.deepEqual(parseConfig({}).exposure, byDefault);
    assert.deepEqual(of({ quality: { size: 2 } }).quality, { size: 2, position: 1, clarity: 1, solus: 1 });
  });

  it('names what is wrong with it', () => {
    fails({ bands: [0.1, 0.05] }, /exposure\.bands: each must be above the one before/);
    fails({ bands: [5] }, /exposure\.bands\[0\]: /);
    fails({ quality: { size: 0, position: 0, clarity: 0, solus: 0 } }, /one weight at least/);
    fails({ band: [0.1] }, /unknown key "band" in exposure, did you mean "bands"\?/);
    fails({ rates: { currency: 'EUR', streams: { news: {} } } }, /exposure\.rates\.streams\.news: give/);
  });
});
