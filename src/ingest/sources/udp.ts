import { stdinInput } from '../ffmpeg/concat.js';
import type { SourceSpec } from '../source.js';
import { type Protocol, requireProtocol } from './protocol.js';

/** MPEG-TS over UDP, unicast or multicast. */
export function udp(spec: SourceSpec): Protocol {
  return {
    live: true,
    prepare: async (binary) => {
      requireProtocol(binary, 'udp');
      return { input: stdinInput(spec.url, ['udp']), live: true };
    },
  };
}
