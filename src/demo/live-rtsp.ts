import { LogowatchError } from '../core/errors.js';
import { startFfmpeg } from './ffmpeg.js';
import { RtspRelay } from './rtsp-relay.js';

export interface LiveRtsp {
  readonly url: string;
  /** Wall time at which the file's first packets reached the relay; ms since the epoch. */
  readonly startedAtMs: number;
  /** Resolves when the whole file has been published; rejects when publishing failed. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

const PATH = 'live';
const FIRST_PACKET_MS_MAX = 10_000;

/**
 * Publishes a file by RTSP to a relay of its own, at the file's pace. Rejects with `source-failed` where this ffmpeg
 * cannot publish.
 */
export async function liveRtsp({
  ffmpegPath,
  file,
}: {
  ffmpegPath: string;
  file: string;
}): Promise<LiveRtsp> {
  // The burst holds the first group of pictures, so that a player that joins at once starts with the first frame.
  const relay = new RtspRelay({ burstPackets: 400 });
  await relay.start();
  const target = relay.url(PATH);
  const args = ['-re', '-i', file, '-an', '-c', 'copy', '-f', 'rtsp', '-rtsp_transport', 'tcp', target];
  const publisher = startFfmpeg(ffmpegPath, args);
  const close = async () => {
    await publisher.stop();
    await relay.stop();
  };
  try {
    // Only its failure ends the wait: a timer set at its good end would keep the process alive after the broadcast.
    const failed = new Promise<never>((_, reject) => publisher.done.catch(reject));
    await Promise.race([relay.published(PATH, 1, FIRST_PACKET_MS_MAX), failed]);
    return { url: target, startedAtMs: Date.now(), ended: publisher.done, close };
  } catch (cause) {
    await close();
    throw new LogowatchError('source-failed', 'This ffmpeg did not publish by RTSP', { cause });
  }
}
