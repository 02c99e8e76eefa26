import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { loadConfig, loadConfigFile, parseConfig, redactConfig } from '../src/config.js';
import { childEnvironment } from '../src/core/child-environment.js';
import { LogowatchError } from '../src/core/errors.js';

const invalid = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof LogowatchError);
  assert.equal(error.code, 'config-invalid');
  assert.match(error.message, pattern);
  assert.ok(error.remedy);
  return true;
};

describe('config', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'logowatch-config-'));
  });
  after(() => rm(folder, { recursive: true }));
  const file = async (text: string) => {
    const path = join(folder, 'c.yaml');
    await writeFile(path, text);
    return path;
  };

  it('gives every stream the defaults, and lets a stream override them', async () => {
    const path = await file(
      'defaults: {fps: 2, stallTimeoutMs: 4000}\nstreams:\n- {id: a, url: "rtsp://h/a"}\n- {id: b, url: x.mp4, fps: 8}\n',
    );
    const { streams } = await loadConfig(path);
    assert.deepEqual(streams, [
      { id: 'a', url: 'rtsp://h/a', fps: 2, stallTimeoutMs: 4000 },
      { id: 'b', url: 'x.mp4', fps: 8, stallTimeoutMs: 4000 },
    ]);
  });

  it('names the nearest key for an unknown one, at every level', () => {
    assert.throws(() => parseConfig({ modle: 'm' }), invalid(/unknown key "modle", did you mean "model"/));
    assert.throws(
      () => parseConfig({ defaults: { fsp: 2 } }),
      invalid(/"fsp" in defaults, did you mean "fps"/),
    );
    assert.throws(
      () => parseConfig({ streams: [{ id: 'a', url: 'x', stallTimeout: 2 }] }),
      invalid(/"stallTimeout" in streams\[0\], did you mean "stallTimeoutMs"/),
    );
    assert.throws(
      () => parseConfig({ sinks: [{ type: 'jsonl', path: 'x', paht: 'y' }] }),
      invalid(/"paht" in sinks\[0\], did you mean "path"/),
    );
    assert.throws(
      () => parseConfig({ evidence: { day: 3 } }),
      invalid(/"day" in evidence, did you mean "days"/),
    );
    assert.throws(() => parseConfig({ zzzzzzzzzzzzzz: 1 }), invalid(/known: model/));
  });

  it('takes secrets from the environment and says which variable is missing', async () => {
    const path = await file('streams: [{id: a, url: "rtsp://${USER_A}:${PASS_A}@h/a"}]\n');
    const config = await loadConfig(path, { USER_A: 'u', PASS_A: 'hunter2' });
    assert.equal(config.streams[0]?.url, 'rtsp://u:hunter2@h/a');
    assert.doesNotMatch(JSON.stringify(redactConfig(config)), /hunter2/);
    await assert.rejects(loadConfig(path, { USER_A: 'u' }), invalid(/no variable PASS_A/));
  });

  it('takes secrets from files, and names the key whose file is missing', async () => {
    const secret = join(folder, 'secret');
    await writeFile(secret, 'hun ter2\n');
    const path = await file(`sinks: [{type: webhook, url: "https://h/x", token: "\${file:${secret}}"}]\n`);
    const config = await loadConfig(path);
    assert.deepEqual(config.sinks, [{ type: 'webhook', url: 'https://h/x', token: 'hun ter2' }]);
    assert.doesNotMatch(JSON.stringify(redactConfig(config)), /hun ter2/);
    await rm(secret);
    await assert.rejects(loadConfig(path), invalid(/sinks\[0\]\.token: there is no file/));
  });

  it('keeps the variables that it took from children', async () => {
    process.env.LOGOWATCH_TEST_SECRET = 'hunter2';
    await loadConfig(await file('model: "${LOGOWATCH_TEST_SECRET}"\n'));
    assert.equal(childEnvironment().LOGOWATCH_TEST_SECRET, undefined);
    assert.equal(childEnvironment().PATH, process.env.PATH);
    delete process.env.LOGOWATCH_TEST_SECRET;
  });

  it('never shows a webhook secret', () => {
    const config = parseConfig({
      sinks: [{ type: 'webhook', url: 'https://u:hunter2@h/x', token: 'hunter2', hmacSecret: 'hunter2' }],
    });
    assert.doesNotMatch(JSON.stringify(redactConfig(config)), /hunter2/);
    const path = parseConfig({ sinks: [{ type: 'webhook', url: 'https://h/services/hunter2?x=hunter2' }] });
    assert.deepEqual(redactConfig(path).sinks, [{ type: 'webhook', url: 'https://h/***' }]);
  });

  it('never shows a secret of Kafka, and names the key that was meant', () => {
    const kafka = {
      brokers: ['k:9092'],
      sasl: { mechanism: 'plain', username: 'u', password: 'hunter2' },
      registry: { url: 'https://r.example', username: 'u', password: 'hunter2' },
    };
    assert.doesNotMatch(JSON.stringify(redactConfig(parseConfig({ bus: { kafka } }))), /hunter2/);
    const token = parseConfig({
      bus: { kafka: { brokers: ['k:9092'], sasl: { mechanism: 'oauthbearer', token: 'hunter2' } } },
    });
    assert.doesNotMatch(JSON.stringify(redactConfig(token)), /hunter2/);
    assert.throws(
      () => parseConfig({ bus: { kafka: { ...kafka, broker: 1 } } }),
      invalid(/did you mean "brokers"/),
    );
    assert.throws(
      () => parseConfig({ bus: { kafka: { brokers: ['nowhere'] } } }),
      invalid(/write host:port/),
    );
  });

  it('refuses what is no YAML, a missing file, two streams of one id, a bad value', async () => {
    await assert.rejects(loadConfig(await file('a: [1\nb: 2')), invalid(/not YAML/));
    await assert.rejects(loadConfig(join(folder, 'none.yaml')), invalid(/No such config file/));
    const twice = { id: 'a', url: 'x' };
    assert.throws(() => parseConfig({ streams: [twice, twice] }), invalid(/two streams have the id "a"/));
    assert.throws(() => parseConfig({ streams: [{ ...twice, fps: -1 }] }), invalid(/streams\[0\]\.fps/));
  });

  it('keeps what is written of streams beside what it means', async () => {
    const text =
      'defaults: { fps: 2 }\nstreams: [{ id: a, url: "rtsp://${NAME}/a" }, { id: b, url: x, fps: 5 }]';
    const { config, streamTexts } = await loadConfigFile(await file(text), { NAME: 'host' });
    assert.equal(config.streams[0]?.url, 'rtsp://host/a');
    assert.deepEqual(streamTexts, [
      { id: 'a', url: 'rtsp://${NAME}/a', fps: 2 },
      { id: 'b', url: 'x', fps: 5 },
    ]);
    assert.equal((await loadConfigFile(await file('threads: 1'))).streamTexts, undefined);
  });

  it('shows no token of the API, and takes no short one', () => {
    const config = parseConfig({ ops: { token: 'hunter2-hunter2-hunter2' } });
    assert.doesNotMatch(JSON.stringify(redactConfig(config)), /hunter2/);
    assert.throws(() => parseConfig({ ops: { token: 'hunter2' } }), invalid(/16 characters/));
    assert.throws(() => parseConfig({ ops: { tokn: 'x' } }), invalid(/did you mean "token"/));
  });

  it('takes an empty file as all defaults', async () => {
    assert.equal((await loadConfig(await file(''))).engine, 'auto');
  });
});
