import assert from 'node:assert/strict';
import { it } from 'node:test';
import { hasLiteralSecret, redact, secretsIn } from '../../src/core/redact.js';

const SECRET = 's3cret';

it('takes secrets out of URLs, wherever they stand', () => {
  for (const text of [
    `rtsp://user:${SECRET}@camera:554/live`,
    `Input #0, rtsp, from 'rtsp://${SECRET}@camera/live':`,
    `https://cdn/live.m3u8?a=1&token=${SECRET}&b=2`,
    `https://cdn/live.m3u8?hdnts=exp=1~hmac=${SECRET}`,
    `srt://host:9000?mode=caller&passphrase=${SECRET}`,
    `srt://host:9000?streamid=#!::r=live/x,s=${SECRET}&mode=caller`,
    `srt://host:9000?latency=9&streamid=${SECRET}`,
    `https://h/x?X-Amz-Signature=${SECRET}`,
    `https://h/x?api-key=${SECRET}#top`,
    `two: http://a:${SECRET}@h/ and rtmp://b:${SECRET}@h/app`,
  ]) {
    assert.ok(!redact(text).includes(SECRET), redact(text));
  }
});

it('takes tokens out of query strings under whatever name, and out of the path', () => {
  for (const text of [
    `https://cdn/live.m3u8?wowzatokenhash=${SECRET}`,
    `https://cdn/live.m3u8?a=1&access-token=${SECRET}`,
    `https://cdn/live.m3u8?e=1&st=${SECRET}`,
    `https://cdn/a.ts?Policy=x&Key-Pair-Id=${SECRET}`,
    `https://cdn/a.ts?verify=17a5-${SECRET}-0f9e8d7c6b`,
    `https://cdn/hdntl=exp=1~acl=/*~data=${SECRET}~hmac=0f3c/live.m3u8`,
  ]) {
    const bare = redact(text);
    assert.ok(!bare.includes(SECRET), bare);
    assert.equal(redact(bare), bare, 'twice is as once');
  }
  assert.equal(
    redact(`${redact(`no answer (https://h/x?token=${SECRET}`)}). Go on`),
    'no answer (https://h/x?token=***). Go on',
  );
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

it('takes out RTMP stream keys, and leaves the server and the application', () => {
  for (const [url, expected] of [
    [`rtmp://host/app/${SECRET}`, 'rtmp://host/app/***'],
    [`rtmps://host:443/app/inst/${SECRET}/`, 'rtmps://host:443/app/inst/***'],
    [`rtmp://host/app/${SECRET}?backup=1&e=/${SECRET}`, 'rtmp://host/app/***'],
    [`RTMP://u:${SECRET}@host/app/mp4:${SECRET}`, 'RTMP://***@host/app/***'],
    [`cannot open 'rtmp://host/app/${SECRET}': refused`, "cannot open 'rtmp://host/app/***': refused"],
    [`rtmp://host/app/${SECRET}: Connection refused`, 'rtmp://host/app/***: Connection refused'],
  ] as const) {
    assert.equal(redact(url), expected);
    assert.equal(redact(redact(url)), expected, 'twice is as once');
  }
});

it('takes out what a URL holds where it stands alone', () => {
  for (const url of [
    `rtmp://host/app/${SECRET}?x=1`,
    `rtsp://user:${SECRET}@host/x`,
    `srt://host:1?mode=caller&streamid=${SECRET}`,
    `srt://host:1?passphrase=s3%63ret`,
  ]) {
    assert.equal(
      redact(`Failed to play ${SECRET}; not found`, secretsIn(url)),
      'Failed to play ***; not found',
    );
  }
  assert.deepEqual(secretsIn('rtmp://host/live/x'), [], 'no word of every sentence');
  assert.deepEqual(secretsIn('http://host/live/stream.m3u8?quality=high'), []);
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
    'rtmp://host',
    'rtmp://host/: no application',
    'srt://host:9000?mode=caller&latency=200000',
  ]) {
    assert.equal(redact(text), text);
  }
});

it('tells a secret that is written out from one that is named', () => {
  for (const url of [
    'rtsp://user:pw@host/x',
    'rtsp://user:${A}1@host/x',
    'rtsp://user:p/w@host/x',
    'https://host/x.m3u8?token=abc',
    'https://host/x.m3u8?a=1&password=${A}b',
    'srt://host:9000?passphrase=abcdefghij',
  ])
    assert.ok(hasLiteralSecret(url), url);
  for (const url of [
    'rtsp://host:554/x',
    'rtsp://${USER}:${PASSWORD}@host/x@y',
    'rtsp://user:${file:/run/secrets/cam}@host/x',
    'https://host/x.m3u8?token=${TOKEN}&quality=high',
    '${WHOLE}',
    'udp://239.0.0.1:1234',
  ])
    assert.ok(!hasLiteralSecret(url), url);
});
