import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { platform } from 'node:os';
import { it } from 'node:test';
import { rtspHandover } from '../../../src/ingest/ffmpeg/handover.js';

const TARGET = 'rtsp://u:s3cret@camera/live';
const request = (url: string) => `OPTIONS ${url} RTSP/1.0\r\nCSeq: 7\r\n\r\n`;

function ask(url: string, asked = url): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url.replace('rtsp', 'http')).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (data) => {
      answer += data.toString();
    });
    socket.on('error', () => resolve(answer));
    socket.on('close', () => resolve(answer));
    socket.write(request(asked));
  });
}

it('tells the process that it was made for, once', async () => {
  const handover = await rtspHandover(TARGET);
  handover.allow(process.pid);
  assert.ok(!handover.url.includes('s3cret'));
  const answer = await ask(handover.url);
  assert.match(answer, /^RTSP\/1\.0 302 /);
  assert.ok(answer.includes(`Location: ${TARGET}\r\n`) && answer.includes('CSeq: 7'));
  assert.equal(await ask(handover.url), '');
});

it('tells nobody else', { skip: platform() !== 'linux' }, async () => {
  const other = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 20000)'], { stdio: 'ignore' });
  const handover = await rtspHandover(TARGET);
  assert.match(await ask(handover.url), /404/, 'before it is known for whom it is');
  handover.allow(other.pid!);
  assert.match(await ask(handover.url), /404/, 'from another process');
  handover.allow(process.pid);
  assert.match(await ask(handover.url, handover.url.slice(0, -1)), /404/, 'with another token');
  handover.close();
  other.kill('SIGKILL');
  await new Promise((resolve) => other.once('close', resolve));
});
