import assert from 'node:assert/strict';
import { it } from 'node:test';
import { checkAddresses } from '../../../src/ingest/hls/policy.js';

const refused = (from: string, address: string) =>
  assert.throws(() => checkAddresses(from, [address]), { code: 'source-refused' }, address);

it('refuses every scheme but http and https', () => {
  for (const address of [
    'file:///etc/passwd',
    'concat:a|b',
    'subfile,,start,0,end,9,,:/etc/passwd',
    'rtp://h/x',
    'gopher://h',
  ]) {
    refused('http://127.0.0.1/x.m3u8', address);
    refused('https://tv.example/x.m3u8', address);
  }
});

it('refuses inner addresses in an outer playlist', () => {
  for (const host of [
    '127.0.0.1',
    'localhost',
    'a.localhost',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '[::1]',
    '[fd00::1]',
    '[::ffff:127.0.0.1]',
    '0x7f000001',
    '2130706433',
  ]) {
    refused('https://tv.example/x.m3u8', `http://${host}/seg.ts`);
  }
});

it('allows other outer hosts, and inner ones in an inner playlist', () => {
  checkAddresses('https://tv.example/x.m3u8', [
    'https://cdn.example/a.ts',
    'http://8.8.8.8/a.ts',
    'http://172.32.0.1/a',
  ]);
  checkAddresses('http://192.168.1.5/x.m3u8', ['http://192.168.1.6/a.ts', 'http://127.0.0.1/a.ts']);
});
