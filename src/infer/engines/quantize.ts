/** Arithmetic of 8-bit quantisation: real = scale * (quantised - zeroPoint). */
export interface UintQuantisation {
  readonly scale: number;
  /** 0..255 */
  readonly zeroPoint: number;
}

/** Asymmetric uint8 over [min, max], widened so that it holds 0, which then is exact. */
export function activationQuantisation([min, max]: readonly [number, number]): UintQuantisation {
  const low = Math.min(0, min);
  const high = Math.max(0, max);
  const scale = Math.max((high - low) / 255, 1e-8);
  return { scale, zeroPoint: Math.min(255, Math.max(0, Math.round(-low / scale))) };
}

export interface QuantisedConv {
  /** In the order of the float weights. */
  readonly weights: Int8Array;
  /** Of scale inputScale * scales[channel]. */
  readonly bias: Int32Array;
  /** A weight scale for each output channel. */
  readonly scales: Float32Array;
}

/**
 * Symmetric int8 weights for each output channel and the bias that goes with them; `weights` is OIHW, `window` is
 * kernelHeight * kernelWidth. In each window the sum of the weights is kept to half a step: edge filters sum to 0,
 * neighbouring activations are alike, so an error of the sum is what would be seen. `meanOf` is the mean activation
 * of an input (of the input channels that the output channel reads): with it what rounding adds on average is taken
 * off the bias (Nagel et al. 2019, section 4.2).
 */
export function quantiseConv(
  weights: Float32Array,
  bias: Float32Array,
  inputScale: number,
  window: number,
  meanOf: (channel: number, input: number) => number = () => 0,
  weightMax = 127,
): QuantisedConv {
  const channels = bias.length;
  const size = weights.length / channels;
  const result = {
    weights: new Int8Array(weights.length),
    bias: new Int32Array(channels),
    scales: new Float32Array(channels),
  };
  for (let channel = 0; channel < channels; channel++) {
    let greatest = 0;
    for (let i = channel * size; i < (channel + 1) * size; i++)
      greatest = Math.max(greatest, Math.abs(weights[i]!));
    // A dead channel has tiny weights beside its bias: its scale must not push the bias out of 32 bits.
    const floor = Math.abs(bias[channel]!) / (inputScale * 2 ** 30);
    const scale = Math.fround(Math.max(greatest / weightMax, floor, 1e-12));
    result.scales[channel] = scale;
    const rounded = { weights, scale, most: weightMax, into: result.weights };
    for (let i = channel * size; i < (channel + 1) * size; i += window) roundWindow(rounded, i, i + window);
    // What the rounding adds to the output on average is taken off the bias.
    let error = 0;
    for (let i = channel * size, input = 0; i < (channel + 1) * size; i += window, input++) {
      let added = 0;
      for (let at = i; at < i + window; at++) added += result.weights[at]! * scale - weights[at]!;
      error += added * meanOf(channel, input);
    }
    result.bias[channel] = Math.round((bias[channel]! - error) / (inputScale * scale));
  }
  return result;
}

interface Rounding {
  readonly weights: Float32Array;
  readonly scale: number;
  readonly most: number;
  readonly into: Int8Array;
}

/** Nothing is made anew for a window: of millions most hold one weight. */
function roundWindow({ weights, scale, most, into }: Rounding, from: number, to: number): void {
  let sum = 0;
  let rounded = 0;
  for (let i = from; i < to; i++) {
    const steps = weights[i]! / scale;
    sum += steps;
    into[i] = Math.round(steps);
    rounded += into[i]!;
  }
  let missing = Math.round(sum) - rounded;
  if (missing === 0 || to - from === 1) return;
  const step = Math.sign(missing);
  // Those that were rounded furthest the other way are moved first.
  const left = (i: number): number => weights[i]! / scale - into[i]!;
  const order = Array.from({ length: to - from }, (_, i) => from + i).sort(
    (a, b) => step * (left(b) - left(a)),
  );
  for (const i of order) {
    const moved = into[i]! + step;
    if (missing === 0) break;
    if (Math.abs(moved) > most) continue;
    into[i] = moved;
    missing -= step;
  }
}
