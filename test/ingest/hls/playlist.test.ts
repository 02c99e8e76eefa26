import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { types } from 'hls-parser';
import {
  addressKey,
  chooseVariant,
  parsePlaylist,
  playlistAddresses,
  segmentTimes,
} from '../../../src/ingest/hls/playlist.js';

const BASE = 'http://u:p@host/live/list.m3u8';
const media = (text: string) => parsePlaylist(text, BASE) as types.MediaPlaylist;
const MEDIA = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:7
#EXT-X-KEY:METHOD=AES-128,URI="https://keys.example/k"
#EXT-X-MAP:URI="init.mp4"
#EXTINF:2,
a.m4s
#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:05.000Z
#EXTINF:1.5,
b.m4s
#EXTINF:2,
/c.m4s?x=1
#EXT-X-DISCONTINUITY
#EXTINF:2,
d.m4s
`;

it('gives each segment its programme date-time, carried on by durations up to a discontinuity', () => {
  const start = Date.UTC(2026, 0, 2, 3, 4, 5);
  assert.deepEqual(
    [...segmentTimes(media(MEDIA), BASE)],
    [
      ['http://host/live/b.m4s', start],
      ['http://host/c.m4s?x=1', start + 1_500],
    ],
  );
});

it('lists every address that a reader would open', () => {
  const addresses = playlistAddresses(media(MEDIA), BASE).map(addressKey);
  for (const address of ['https://keys.example/k', 'http://host/live/init.mp4', 'http://host/live/d.m4s']) {
    assert.ok(addresses.includes(address), address);
  }
});

it('chooses the smallest variant that is large enough', () => {
  const variant = (width: number) =>
    `#EXT-X-STREAM-INF:BANDWIDTH=${width},RESOLUTION=${width}x100\n${width}.m3u8\n`;
  const list = (...widths: number[]) =>
    parsePlaylist(`#EXTM3U\n${widths.map(variant).join('')}`, BASE) as types.MasterPlaylist;
  assert.equal(chooseVariant(list(1920, 640, 320, 1280), 640)?.uri, '640.m3u8');
  assert.equal(chooseVariant(list(320, 426), 640)?.uri, '426.m3u8');
});

it('tells what is no playlist from one that is half written', () => {
  assert.throws(() => parsePlaylist('<html>not here</html>', BASE), { code: 'source-not-video' });
  for (const half of ['', '#EXT']) {
    assert.throws(() => parsePlaylist(half, BASE), { code: 'source-failed' }, half);
  }
});
