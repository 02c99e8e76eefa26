import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ShowinfoParser } from '../../../src/ingest/ffmpeg/showinfo.js';

const BASE = '[Parsed_showinfo_2 @ 0x41bb1500] config in time_base: 1/90000, frame_rate: 25/1';
const frame = (pts: string) =>
  `[Parsed_showinfo_2 @ 0x41bb1500] n:   1 pts:${pts.padStart(7)} pts_time:0.2     pos:    14552 fmt:rgb24 sar:1/1 s:480x360 i:P iskey:0 type:B checksum:38D91534`;

it('reads the integer PTS in the time base, exactly', () => {
  const parser = new ShowinfoParser();
  assert.equal(parser.parse(BASE), undefined);
  assert.deepEqual(parser.parse(frame('18000')), { ptsUs: 200_000, width: 480, height: 360 });
  assert.equal(parser.parse(frame('-540'))?.ptsUs, -6_000);
  // 26.5 h of a 33-bit clock: beyond what pts_time shows to the microsecond.
  assert.equal(parser.parse(frame(String(2 ** 33)))?.ptsUs, 95_443_717_688);
});

it('takes a new time base after a change of the picture, and frames without a PTS', () => {
  const parser = new ShowinfoParser();
  parser.parse(BASE);
  parser.parse(BASE.replace('1/90000', '1/1000'));
  assert.equal(parser.parse(frame('200'))?.ptsUs, 200_000);
  assert.deepEqual(parser.parse(frame('NOPTS')), { ptsUs: undefined, width: 480, height: 360 });
});

it('finds a frame within a line that another thread began, and nothing in other lines', () => {
  const parser = new ShowinfoParser();
  parser.parse(BASE);
  assert.equal(parser.parse(`[hls @ 0x1] Skip (${frame('9000')}`)?.ptsUs, 100_000);
  assert.equal(parser.parse("[hls @ 0x1] Opening 'http://h/n: 1 pts: 2 s:1x1 .ts' for reading"), undefined);
  assert.equal(parser.parse('[Parsed_showinfo_2 @ 0x1] color_range:tv color_space:unknown'), undefined);
});
