import { stdinInput } from '../ffmpeg/concat.js';
import { rtspHandover } from '../ffmpeg/handover.js';
import type { FfmpegBinary } from '../ffmpeg/locate.js';
import { checkReachable } from '../reachable.js';
import type { SourceSpec } from '../source.js';
import { type PreparedInput, type Protocol, requireProtocol } from './protocol.js';

const PROTOCOLS = ['rtsp', 'rtsps', 'rtp', 'srtp', 'tcp', 'udp', 'tls', 'crypto'];

/** RTSP over TCP (interleaved) or UDP. */
export function rtsp(spec: SourceSpec): Protocol {
  return {
    live: true,
    prepare: async (binary, signal) => {
      requireProtocol(binary, 'tcp');
      return prepare(spec, binary, signal);
    },
  };
}

async function prepare(spec: SourceSpec, binary: FfmpegBinary, signal: AbortSignal): Promise<PreparedInput> {
  const transport = spec.rtspTransport ?? 'tcp';
  const { concatOptions, rtspTimeoutOption } = binary.capabilities;
  // The supervisor's watchdog comes first; this one ends an ffmpeg whose parent was killed.
  const timeoutUs = String(2 * (spec.stallTimeoutMs ?? 10_000) * 1000);
  if (concatOptions) {
    const options = [`option rtsp_transport ${transport}`, `option ${rtspTimeoutOption} ${timeoutUs}`];
    return { input: stdinInput(spec.url, PROTOCOLS, options), live: true };
  }
  await checkReachable(spec.url, spec.connectTimeoutMs ?? 10_000, signal);
  const handover = await rtspHandover(spec.url);
  let redirects = 0;
  const options = ['-protocol_whitelist', PROTOCOLS.join(','), '-rtsp_transport', transport];
  return {
    input: { options: [...options, `-${rtspTimeoutOption}`, timeoutUs], url: handover.url },
    live: true,
    onStarted: (pid) => handover.allow(pid),
    release: () => handover.close(),
    // These builds follow a redirect to a host that refuses them again and again, without a pause.
    giveUp: (line) => {
      if (line.includes(': Redirecting to ')) redirects += 1;
      return redirects > 4;
    },
  };
}
