import { stdinInput } from '../ffmpeg/concat.js';
import type { SourceSpec } from '../source.js';
import { type Protocol, requireProtocol } from './protocol.js';

/** SRT, caller or listener as the URL says; npm's ffmpeg cannot. */
export function srt(spec: SourceSpec): Protocol {
  return {
    live: true,
    prepare: async (binary) => {
      requireProtocol(binary, 'srt');
      return { input: stdinInput(spec.url, ['srt', 'udp']), live: true };
    },
  };
}
