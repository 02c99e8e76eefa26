import type { Detector, DetectorImage, ModelInfo } from './detector.js';

/** The detector after its first look, which takes longer than the next; closed if that fails. */
export async function warmedUp<T extends Detector & { warmUp(): Promise<void> }>(detector: T): Promise<T> {
  try {
    await detector.warmUp();
    return detector;
  } catch (error) {
    await detector.close();
    throw error;
  }
}

/** A picture of a model's first size that shows nothing. */
export function greyPicture({ inputs }: ModelInfo): DetectorImage {
  const { width, height } = inputs[0]!;
  const content = { x: 0, y: 0, width, height };
  return { width, height, content, data: new Uint8Array(width * height * 3).fill(127) };
}
