import { statSync } from 'node:fs';
import { LogowatchError } from '../core/errors.js';
import { redact, secretsIn } from '../core/redact.js';
import { type FfmpegBinary, locateFfmpeg } from './ffmpeg/locate.js';
import { FfmpegSession } from './ffmpeg/session.js';
import type { FrameSource, SourceSession, SourceSpec } from './source.js';
import { file, filePath } from './sources/file.js';
import { hls } from './sources/hls.js';
import { ImageSource, isImagePath } from './sources/images.js';
import type { Protocol, ProtocolFactory } from './sources/protocol.js';
import { rtmp } from './sources/rtmp.js';
import { rtsp } from './sources/rtsp.js';
import { srt } from './sources/srt.js';
import { udp } from './sources/udp.js';

/** A new protocol is one new file and one line here. */
const protocols: Readonly<Record<string, ProtocolFactory>> = {
  rtsp,
  rtsps: rtsp,
  http: hls,
  https: hls,
  rtmp,
  rtmps: rtmp,
  srt,
  udp,
  file,
};

export interface SourceDependencies {
  /** Default: locateFfmpeg(spec.ffmpegPath). */
  readonly ffmpeg?: FfmpegBinary;
  readonly now?: () => number;
}

/** The source that a URL or a path means. Throws `config-invalid` for a scheme that nothing here reads. */
export function createSource(spec: SourceSpec, deps: SourceDependencies = {}): FrameSource {
  const scheme = schemeOf(spec.url);
  if (scheme === 'file' && isImages(filePath(spec.url))) return new ImageSource(spec);
  const factory = protocols[scheme];
  if (!factory) {
    throw new LogowatchError('config-invalid', `No source reads ${scheme} URLs`, {
      value: redact(spec.url),
      remedy: `Use one of ${Object.keys(protocols).join(', ')}, or a path`,
    });
  }
  return new FfmpegSource(spec, factory(spec), deps);
}

/** An address that any machine may reach, unlike a file of this one. */
export function isAddress(url: string): boolean {
  const scheme = schemeOf(url);
  return scheme !== 'file' && scheme in protocols;
}

/** Two letters at least: `C:\clip.mp4` is a path. */
function schemeOf(url: string): string {
  return /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1]?.toLowerCase() ?? 'file';
}

function isImages(path: string): boolean {
  return isImagePath(path) || statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

class FfmpegSource implements FrameSource {
  readonly label: string;
  readonly #spec: SourceSpec;
  readonly #protocol: Protocol;
  readonly #deps: SourceDependencies;
  #live: boolean;

  constructor(spec: SourceSpec, protocol: Protocol, deps: SourceDependencies) {
    this.label = redact(spec.url);
    this.#spec = spec;
    this.#protocol = protocol;
    this.#deps = deps;
    this.#live = protocol.live;
  }

  get live(): boolean {
    return this.#live;
  }

  async open(signal: AbortSignal): Promise<SourceSession> {
    const binary = this.#deps.ffmpeg ?? (await locateFfmpeg(this.#spec.ffmpegPath));
    const prepared = await this.#protocol.prepare(binary, signal);
    if (signal.aborted) prepared.release?.();
    signal.throwIfAborted();
    this.#live = prepared.live;
    const { fps = 5, width = 640, height = 360, keyframesOnly = false } = this.#spec;
    return new FfmpegSession({
      ...prepared,
      binary,
      label: this.label,
      secrets: secretsIn(this.#spec.url),
      format: { fps, width, height, keyframesOnly },
      ...(this.#deps.now && { now: this.#deps.now }),
    });
  }
}
