import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evidence } from '../../src/infer/fusion.js';
import { calibrate, type PlaceSample, PRIOR_ODDS, tailQuantile } from '../../src/train/calibrate.js';
import { Rng } from '../../src/train/rng.js';

test('calibrated evidence is the log-likelihood ratio, and the thresholds hold the false pictures', () => {
  const rng = new Rng(2);
  // Each logit is drawn from one of two normal densities: apart by d, its true ratio is d z - d d / 2. The distances are
  // in the proportion in which the looks count.
  const draw = (positive: boolean, apart: number): number => rng.normal() + (positive ? apart : 0);
  const samples: PlaceSample[] = Array.from({ length: 20_000 }, (_, i) => {
    const positive = i % 10 === 0;
    return {
      brand: Math.floor(i / 10) % 2,
      logo: draw(positive, 0.6),
      look: draw(positive, 0),
      verify: draw(positive, 2),
      positive,
    };
  });
  const picture = () =>
    Array.from({ length: 3 }, () => ({
      logo: draw(false, 0),
      look: Float32Array.from([draw(false, 0), draw(false, 0)]),
      verify: Float32Array.from([draw(false, 0), draw(false, 0)]),
    }));
  const { brands } = calibrate(['a', 'b'], samples, Array.from({ length: 2000 }, picture));
  for (const { logo, look, verify, offset } of brands) {
    assert.ok(
      Math.abs(verify - 2) < 0.2 && Math.abs(logo - 0.6) < 0.1 && look === 0,
      `${logo} ${look} ${verify}`,
    );
    assert.ok(Math.abs(offset + (0.36 + 4) / 2) < 0.4, `${offset}`);
  }
  const score = (llr: number): number => 1 / (1 + Math.exp(-(llr + Math.log(PRIOR_ODDS))));
  const reported = (places: ReturnType<typeof picture>): boolean =>
    places.some((p) => brands.some((b, k) => score(evidence(b, k, p)) >= b.threshold));
  const fresh = Array.from({ length: 8000 }, picture);
  const rate = fresh.filter(reported).length / fresh.length;
  assert.ok(rate < 0.01, `${rate} false pictures`);
});

test('a tail is extrapolated as an exponential one', () => {
  const rng = new Rng(3);
  const values = Array.from({ length: 5000 }, () => -2 * Math.log(1 - rng.next()));
  const truth = -2 * Math.log(1e-5);
  const got = tailQuantile(values, values.length, 1e-5);
  assert.ok(Math.abs(got - truth) < 2.5, `${got}, not ${truth}`);
  assert.equal(tailQuantile([], 100, 0.01), 0);
  assert.equal(tailQuantile([1, 2, 3], 3, 0.01), 4, 'above all where there are too few');
});

test('weights that are known are kept, and one brand is calibrated as one of many', () => {
  const rng = new Rng(4);
  const draw = (positive: boolean): number => rng.normal() + (positive ? 3 : 0);
  const samples: PlaceSample[] = Array.from({ length: 2000 }, (_, i) => {
    const positive = i % 10 === 0;
    return { brand: 0, logo: draw(positive), look: draw(positive), verify: draw(positive), positive };
  });
  const negatives = Array.from({ length: 1000 }, () => [
    { logo: draw(false), look: Float32Array.of(draw(false)), verify: Float32Array.of(draw(false)) },
  ]);
  const weights = { logo: 0.2, look: 0.4, verify: 0.6 };
  const [alone] = calibrate(['a'], samples, negatives, { weights }).brands;
  assert.ok(Math.abs(alone!.look - 0.4) < 1e-3 && Math.abs(alone!.verify - 0.6) < 1e-3);
  const [ofMany] = calibrate(['a'], samples, negatives, { weights, brandCount: 12 }).brands;
  assert.ok(ofMany!.threshold > alone!.threshold, `${ofMany!.threshold} ${alone!.threshold}`);
});

test('a brand that nothing at hand resembles is not taken for safe', () => {
  const rng = new Rng(6);
  const labels = ['a', 'b', 'c', 'd'];
  const samples: PlaceSample[] = Array.from({ length: 4000 }, (_, i) => {
    const positive = i % 10 === 0;
    return { brand: i % 4, logo: 0, look: 0, verify: rng.normal() + (positive ? 3 : 0), positive };
  });
  const negatives = Array.from({ length: 1000 }, () => [
    {
      logo: 0,
      look: new Float32Array(4),
      verify: Float32Array.of(rng.normal() - 5, rng.normal(), rng.normal(), rng.normal()),
    },
  ]);
  const calibrated = calibrate(labels, samples, negatives).brands;
  const thresholds = calibrated.map((b) => b.threshold);
  assert.ok(thresholds[0]! >= Math.min(...thresholds.slice(1)), `${thresholds}`);
  const alone = calibrate(
    ['a'],
    samples.filter((s) => s.brand === 0),
    negatives,
  ).brands[0]!;
  assert.ok(alone.threshold < thresholds[0]!, `${alone.threshold}`);
});
