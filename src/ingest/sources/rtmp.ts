import { stdinInput } from '../ffmpeg/concat.js';
import type { SourceSpec } from '../source.js';
import { type Protocol, requireProtocol } from './protocol.js';

const PROTOCOLS = ['rtmp', 'rtmps', 'rtmpt', 'rtmpts', 'ffrtmphttp', 'tcp', 'tls', 'crypto'];

/** RTMP and RTMPS. */
export function rtmp(spec: SourceSpec): Protocol {
  const scheme = spec.url.slice(0, spec.url.indexOf(':')).toLowerCase();
  return {
    live: true,
    prepare: async (binary) => {
      requireProtocol(binary, scheme);
      return { input: stdinInput(spec.url, PROTOCOLS), live: true };
    },
  };
}
