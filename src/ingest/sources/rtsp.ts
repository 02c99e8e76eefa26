import type { FfmpegInput } from '../ffmpeg/arguments.js';
import { stdinInput } from '../ffmpeg/concat.js';
import type { FfmpegBinary } from '../ffmpeg/locate.js';
import type { SourceSpec } from '../source.js';
import { type Protocol, requireProtocol } from './protocol.js';

const PROTOCOLS = ['rtsp', 'rtsps', 'rtp', 'srtp', 'tcp', 'udp', 'tls', 'crypto'];

/** RTSP over TCP (interleaved) or UDP. */
export function rtsp(spec: SourceSpec): Protocol {
  return {
    live: true,
    prepare: async (binary) => {
      requireProtocol(binary, 'tcp');
      return { input: rtspInput(spec, binary), live: true };
    },
  };
}

function rtspInput(spec: SourceSpec, binary: FfmpegBinary): FfmpegInput {
  const transport = spec.rtspTransport ?? 'tcp';
  const { concatOptions, rtspTimeoutOption } = binary.capabilities;
  if (!concatOptions) return stdinInput(withTransport(spec.url, transport), PROTOCOLS);
  // The supervisor's watchdog comes first; this one ends an ffmpeg whose parent was killed.
  const timeoutUs = 2 * (spec.stallTimeoutMs ?? 10_000) * 1000;
  return stdinInput(spec.url, PROTOCOLS, [
    `option rtsp_transport ${transport}`,
    `option ${rtspTimeoutOption} ${timeoutUs}`,
  ]);
}

/** libavformat's own way to name the transport in the URL; it does not reach the server. */
export function withTransport(url: string, transport: 'tcp' | 'udp'): string {
  return `${url}${url.includes('?') ? '&' : '?'}${transport}`;
}
