import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { LogowatchError } from '../../src/core/errors.js';
import { parseSchedule } from '../../src/exposure/schedule.js';

const rows = (text: string, timeZone?: string) =>
  parseSchedule(text, 'guide', timeZone).map((a) => [a.streamId, a.title, a.startTime, a.endTime]);

describe('a schedule in CSV', () => {
  it('has its columns in any order, others beside them, and local times', () => {
    const text = [
      '\ufeffTitle;genre;stream;start;end',
      '"Quiz; the ""final""";show;news;2026-07-01 20:15;2026-07-01 21:00',
      'Late;news;news;2026-07-01T21:00:30+01:00;2026-07-01T22:00Z',
      '',
    ].join('\r\n');
    assert.deepEqual(rows(text, 'Europe/Berlin'), [
      ['news', 'Quiz; the "final"', '2026-07-01T18:15:00.000Z', '2026-07-01T19:00:00.000Z'],
      ['news', 'Late', '2026-07-01T20:00:30.000Z', '2026-07-01T22:00:00.000Z'],
    ]);
  });

  it('has titles that steer no terminal', () => {
    const [row] = rows(
      'stream,start,end,title\na,2026-01-01 20:00,2026-01-01 21:00,"\u001b[2JNews\nat nine"\n',
    );
    assert.equal(row?.[1], '[2JNews at nine');
  });

  it('without an end a programme goes on until the next of its stream', () => {
    const text =
      'stream,start,end,title\na,2026-01-01 20:00,,One\nb,2026-01-01 20:10,2026-01-01 20:20,Other\na,2026-01-01 20:30,2026-01-01 21:00,Two\n';
    assert.deepEqual(rows(text), [
      ['a', 'One', '2026-01-01T20:00:00.000Z', '2026-01-01T20:30:00.000Z'],
      ['a', 'Two', '2026-01-01T20:30:00.000Z', '2026-01-01T21:00:00.000Z'],
      ['b', 'Other', '2026-01-01T20:10:00.000Z', '2026-01-01T20:20:00.000Z'],
    ]);
  });
});

describe('a schedule in XMLTV', () => {
  const tv = (programmes: string) => `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE tv SYSTEM "xmltv.dtd">
<tv source-info-name="a guide">
  <channel id="news.example"><display-name lang="en">news</display-name><display-name>News &amp; more</display-name></channel>
  ${programmes}
</tv>`;

  it('knows streams by the id of a channel and by the names that it is shown by', () => {
    const text =
      tv(`<programme start="20260701201500 +0200" stop="20260701210000 +0200" channel="news.example">
    <title lang="en">Tom &amp; I</title><title lang="de">Tom und ich</title><desc>x</desc></programme>`);
    const times = ['2026-07-01T18:15:00.000Z', '2026-07-01T19:00:00.000Z'];
    assert.deepEqual(rows(text), [
      ['News & more', 'Tom & I', ...times],
      ['news', 'Tom & I', ...times],
      ['news.example', 'Tom & I', ...times],
    ]);
  });

  it('takes a time without an offset for UTC, and the next start for an end', () => {
    const text = tv(`<programme start="202607012015" channel="b"><title>1</title></programme>
      <programme start="20260701210000" stop="20260701220000 UTC" channel="b"><title>2</title></programme>`);
    assert.deepEqual(rows(text), [
      ['b', '1', '2026-07-01T20:15:00.000Z', '2026-07-01T21:00:00.000Z'],
      ['b', '2', '2026-07-01T21:00:00.000Z', '2026-07-01T22:00:00.000Z'],
    ]);
  });

  it('names the programme that is wrong', () => {
    const one = (attributes: string, title = '<title>T</title>') =>
      tv(`<programme ${attributes}>${title}</programme>`);
    fails(
      one('start="2026-07-01" stop="20260701220000" channel="b"'),
      /not understood/,
      /programme 1.*2026-07-01/,
    );
    fails(one('start="20260701200000 CEST" channel="b"'), /not understood/, /CEST/);
    fails(one('start="20260701200000" channel="b"', ''), /no channel, or no title/, /programme 1/);
    fails(one('start="20260701200000" channel="b"'), /last programme of a stream has no end/, /T/);
    fails('<tv><programme></tv>', /no XML/, /guide:1/);
    fails('<html></html>', /no XMLTV/, /guide/);
    fails('<tv></tv>', /holds no programme/, /guide/);
  });
});

describe('a schedule that is wrong', () => {
  const head = 'stream,start,end,title\n';
  it('names the line and what to do', () => {
    fails('stream,begin,end\nx,y,z\n', /lacks a column/, /start, title/);
    fails(`${head}a,2026-01-01 20:00,2026-01-01 21:00\n`, /no CSV/, /guide/);
    fails(`${head}a,at eight,2026-01-01 21:00,T\n`, /not understood/, /guide:2: "at eight"/);
    fails(`${head}a,2026-02-30 20:00,2026-03-01 21:00,T\n`, /not understood/, /2026-02-30/);
    fails(`${head}a,2026-01-01 20:00,2026-01-01 21:00,\n`, /no stream, or no title/, /guide:2/);
    fails(`${head}a,2026-01-01 20:00,2026-01-01 20:00,T\n`, /does not end after it starts/, /guide:2: T/);
    fails(`${head}a,2026-01-01 20:00,,T\n`, /has no end/, /guide:2: T/);
    const twice = `${head}a,2026-01-01 20:00,2026-01-01 21:00,One\nb,2026-01-01 20:00,2026-01-01 21:00,Else\na,2026-01-01 20:59,2026-01-01 22:00,Two\n`;
    fails(twice, /on at once/, /guide:2: "One"; guide:4: "Two"/);
    fails(head, /holds no programme/, /guide/);
    fails('', /lacks a column|holds no programme/, /guide/);
  });
});

function fails(text: string, message: RegExp, value: RegExp): void {
  assert.throws(
    () => parseSchedule(text, 'guide'),
    (error: LogowatchError) => {
      assert.match(error.message, message);
      assert.match(error.value ?? '', value);
      assert.ok(error.code === 'usage' && error.remedy);
      return true;
    },
  );
}
