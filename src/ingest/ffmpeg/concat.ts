import { LogowatchError } from '../../core/errors.js';
import { redact } from '../../core/redact.js';
import type { FfmpegInput } from './arguments.js';

/**
 * A network URL as an ffconcat script on stdin: what stands in the arguments can be read by every user of the
 * machine in /proc/PID/cmdline. `protocols` are all that the URL, and whatever it names, may use.
 */
export function stdinInput(url: string, protocols: readonly string[], options: string[] = []): FfmpegInput {
  if (/[\r\n\0]/.test(url)) {
    throw new LogowatchError('config-invalid', 'The URL holds a line break', { value: redact(url) });
  }
  const script = ['ffconcat version 1.0', `file '${url.replaceAll("'", `'\\''`)}'`, ...options];
  return {
    options: ['-f', 'concat', '-safe', '0', '-protocol_whitelist', ['pipe', 'fd', ...protocols].join(',')],
    url: 'pipe:0',
    stdin: `${script.join('\n')}\n`,
  };
}
