import assert from 'node:assert/strict';
import { it } from 'node:test';
import { redact } from '../../src/core/redact.js';

const SECRET = 's3cret';

it('takes secrets out of URLs, wherever they stand', () => {
  for (const text of [
    `rtsp://user:${SECRET}@camera:554/live`,
    `Input #0, rtsp, from 'rtsp://${SECRET}@camera/live':`,
    `https://cdn/live.m3u8?a=1&token=${SECRET}&b=2`,
    `https://cdn/live.m3u8?hdnts=exp=1~hmac=${SECRET}`,
    `srt://host:9000?mode=caller&passphrase=${SECRET}`,
    `https://h/x?X-Amz-Signature=${SECRET}`,
    `https://h/x?api-key=${SECRET}#top`,
    `two: http://a:${SECRET}@h/ and rtmp://b:${SECRET}@h/app`,
  ]) {
    assert.ok(!redact(text).includes(SECRET), redact(text));
  }
});

it('takes out passwords that were not percent-encoded', () => {
  for (const password of [
    `${SECRET}/x`,
    `a/${SECRET}`,
    `a?${SECRET}`,
    `a#${SECRET}`,
    `a@${SECRET}`,
    `a'${SECRET}`,
  ]) {
    const text = redact(`cannot open rtsp://user:${password}@camera/live`);
    assert.ok(!text.includes(SECRET), text);
    assert.ok(text.endsWith('@camera/live'), text);
  }
});

it('takes out headers', () => {
  for (const header of ['Authorization: Basic', 'Proxy-Authorization: Bearer', 'Cookie:', 'X-Api-Key:']) {
    assert.ok(!redact(`${header} ${SECRET}\r\nHost: h`).includes(SECRET));
    assert.match(redact(`${header} ${SECRET}\r\nHost: h`), /Host: h/);
  }
});

it('leaves the rest as it is', () => {
  for (const text of [
    'http://host:8080/live/stream.m3u8?quality=high',
    'mail me@example.org about rtsp://camera/live',
    '/clips/key=value.mp4',
    'http://host/a@2x.png',
  ]) {
    assert.equal(redact(text), text);
  }
});
