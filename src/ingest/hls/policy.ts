import { BlockList, isIP } from 'node:net';
import { LogowatchError } from '../../core/errors.js';
import { redact } from '../../core/redact.js';

const SCHEMES = new Set(['http:', 'https:', 'data:']);

const inner = new BlockList();
for (const [address, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
] as const) {
  inner.addSubnet(address, bits, 'ipv4');
}
for (const [address, bits] of [
  ['::', 127],
  ['fc00::', 7],
  ['fe80::', 10],
] as const) {
  inner.addSubnet(address, bits, 'ipv6');
}

/**
 * Which addresses a playlist may name: http and https ones on any host (CDNs are other hosts), but an outer
 * playlist must not name a loopback, link-local or private address. Checked on each playlist that we read, at each
 * opening; names are not resolved and later reloads are ffmpeg's own, so a deployment that plays strangers'
 * playlists needs an egress policy as well. Throws `source-refused`, which is final.
 */
export function checkAddresses(playlistUrl: string, addresses: readonly string[]): void {
  const fromInside = isInner(new URL(playlistUrl).hostname);
  for (const address of addresses) {
    const url = URL.canParse(address) ? new URL(address) : undefined;
    if (!url || !SCHEMES.has(url.protocol))
      throw refused(address, 'an address that is neither http nor https');
    if (!fromInside && isInner(url.hostname)) throw refused(address, 'an address inside this network');
  }
}

function refused(address: string, what: string): LogowatchError {
  return new LogowatchError('source-refused', `The playlist names ${what}`, {
    value: redact(address.slice(0, 200)),
    remedy: 'Do not play it: it may be hostile. It is not tried again',
  });
}

export function isInner(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const family = isIP(host);
  if (family === 0) return host === 'localhost' || host.endsWith('.localhost');
  return inner.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
