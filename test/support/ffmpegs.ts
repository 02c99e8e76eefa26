import { availableFfmpegs, type FfmpegBinary, locateFfmpeg } from '../../src/ingest/ffmpeg/locate.js';

/** Every ffmpeg that a user may have, npm's among them; LOGOWATCH_TEST_FFMPEG narrows it to one path. */
export async function testFfmpegs(): Promise<FfmpegBinary[]> {
  const only = process.env.LOGOWATCH_TEST_FFMPEG;
  return only === undefined ? availableFfmpegs() : [await locateFfmpeg(only)];
}

/** The one that all users have: it must be able to make and publish what the tests need. */
export async function npmFfmpeg(): Promise<FfmpegBinary> {
  const npm = (await availableFfmpegs()).find(({ origin }) => origin === 'npm');
  if (!npm) throw new Error("npm's ffmpeg is missing: run npm ci");
  return npm;
}
