import type { Box } from '../../core/geometry.js';
import { type CropSource, sampleRegion } from '../network/crop.js';
import type { ForeignInput, Normalisation } from './foreign.js';

/** A byte v of channel c becomes v * scale + shift[c]. */
interface Affine {
  readonly scale: readonly [number, number, number];
  readonly shift: readonly [number, number, number];
  /** Blue first. */
  readonly bgr: boolean;
}

const DEVIATION = [0.229, 0.224, 0.225] as const;
const MEAN = [0.485, 0.456, 0.406] as const;

/** torchvision's, and Keras' three modes of preprocess_input (tf is -1..1, torch is imagenet, caffe is ResNet50's). */
const AFFINE: Readonly<Record<Normalisation, Affine>> = {
  none: { scale: [1, 1, 1], shift: [0, 0, 0], bgr: false },
  '0..1': { scale: [1 / 255, 1 / 255, 1 / 255], shift: [0, 0, 0], bgr: false },
  '-1..1': { scale: [1 / 127.5, 1 / 127.5, 1 / 127.5], shift: [-1, -1, -1], bgr: false },
  imagenet: {
    scale: [1 / 255 / DEVIATION[0], 1 / 255 / DEVIATION[1], 1 / 255 / DEVIATION[2]],
    shift: [-MEAN[0] / DEVIATION[0], -MEAN[1] / DEVIATION[1], -MEAN[2] / DEVIATION[2]],
    bgr: false,
  },
  caffe: { scale: [1, 1, 1], shift: [-103.939, -116.779, -123.68], bgr: true },
};

/** The region of a box that the network sees, pixels. */
export function foreignRegion([x, y, width, height]: Box, input: ForeignInput): Box {
  let [w, h] = [width * input.margin, height * input.margin];
  if (input.aspect === 'keep') {
    const aspect = input.width / input.height;
    [w, h] = [Math.max(w, h * aspect), Math.max(h, w / aspect)];
  }
  return [x + width / 2 - w / 2, y + height / 2 - h / 2, w, h];
}

/** Regions of a picture as one input tensor. */
export function preprocess(
  picture: CropSource,
  regions: readonly Box[],
  input: ForeignInput,
  type: 'float32' | 'uint8',
): { data: Float32Array | Uint8Array; dims: number[] } {
  const { width, height, layout } = input;
  const plane = width * height;
  const pixels = new Uint8Array(plane * 3);
  const data = new (type === 'uint8' ? Uint8Array : Float32Array)(regions.length * plane * 3);
  const { scale, shift, bgr } = AFFINE[input.normalise];
  const [pixelStep, channelStep] = layout === 'nhwc' ? [3, 1] : [1, plane];
  regions.forEach((region, n) => {
    sampleRegion(picture, region, input, pixels);
    for (let c = 0; c < 3; c++) {
      const from = bgr ? 2 - c : c;
      const [k, d] = [scale[c]!, shift[c]!];
      let at = n * plane * 3 + c * channelStep;
      for (let i = from; i < pixels.length; i += 3, at += pixelStep) data[at] = pixels[i]! * k + d;
    }
  });
  const n = regions.length;
  return { data, dims: layout === 'nhwc' ? [n, height, width, 3] : [n, 3, height, width] };
}
