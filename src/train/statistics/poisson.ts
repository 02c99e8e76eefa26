/** P(X <= count) of a Poisson variable with the given mean. */
function poissonCdf(count: number, mean: number): number {
  if (mean <= 0) return 1;
  let term = Math.exp(-mean);
  // A mean of several hundred underflows: the sum then runs in logarithms from its largest term.
  if (term === 0) return poissonCdfLarge(count, mean);
  let sum = term;
  for (let i = 1; i <= count; i++) {
    term *= mean / i;
    sum += term;
  }
  return Math.min(1, sum);
}

function poissonCdfLarge(count: number, mean: number): number {
  let log = -mean;
  const logs = [log];
  for (let i = 1; i <= count; i++) {
    log += Math.log(mean / i);
    logs.push(log);
  }
  const top = Math.max(...logs);
  return Math.min(1, Math.exp(top) * logs.reduce((sum, v) => sum + Math.exp(v - top), 0));
}

/** The mean at which `count` events or fewer have probability p: bisection, since the cdf falls with the mean. */
function meanOf(count: number, p: number): number {
  let [low, high] = [0, count + 10 * Math.sqrt(count + 1) + 20];
  for (let i = 0; i < 200 && high - low > 1e-12 * high; i++) {
    const middle = (low + high) / 2;
    if (poissonCdf(count, middle) > p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * Exact one-sided upper bound on a Poisson mean after `count` events: the mean at which so few events have probability
 * 1 - confidence. For no event at 95 % it is 3.0, the rule of three.
 */
export function poissonUpper(count: number, confidence = 0.95): number {
  return meanOf(count, 1 - confidence);
}

/** Exact two-sided interval (Garwood 1936). */
export function poissonInterval(count: number, confidence = 0.95): readonly [low: number, high: number] {
  const tail = (1 - confidence) / 2;
  return [count === 0 ? 0 : meanOf(count - 1, 1 - tail), meanOf(count, tail)];
}
