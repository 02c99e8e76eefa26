import type { FrameSource, SourceEnd, SourceFrame } from '../../src/ingest/source.js';

export interface Collected {
  readonly frames: SourceFrame[];
  readonly end: SourceEnd;
  readonly dropped: number;
}

/** Opens a source once and reads it to its end, or until so many frames have come. */
export async function collect(source: FrameSource, framesMax = Number.POSITIVE_INFINITY): Promise<Collected> {
  const session = await source.open(new AbortController().signal);
  const timer = setTimeout(() => void session.close(), 30_000);
  const frames: SourceFrame[] = [];
  for await (const frame of session.frames()) {
    frames.push(frame);
    if (frames.length >= framesMax) break;
  }
  if (frames.length >= framesMax) await session.close();
  clearTimeout(timer);
  return { frames, end: await session.ended, dropped: session.dropped };
}

export function steps(frames: readonly SourceFrame[]): number[] {
  return frames.slice(1).map((frame, i) => frame.ptsUs - frames[i]!.ptsUs);
}
