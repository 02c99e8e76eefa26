import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createSinks } from '../../src/sink/create.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';

const context = { telemetry: new RecordingTelemetry() };

test('sinks of one type are numbered, so that each has a group of its own', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'logowatch-sinks-'));
  try {
    const sinks = await createSinks(
      [
        { type: 'jsonl', path: join(dir, 'a') },
        { type: 'stdout', format: 'json' },
        { type: 'jsonl', path: join(dir, 'b') },
        { type: 'webhook', url: 'http://127.0.0.1:9/' },
      ],
      context,
    );
    assert.deepEqual(
      sinks.map((s) => s.name),
      ['jsonl', 'stdout', 'jsonl-2', 'webhook'],
    );
    await Promise.all(sinks.map((s) => s.close()));
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('one that cannot be opened fails them all, by its name', async () => {
  await assert.rejects(
    createSinks(
      [
        { type: 'webhook', url: 'http://127.0.0.1:9/' },
        { type: 'jsonl', path: '/dev/null/x' },
      ],
      context,
    ),
    { code: 'sink-failed', value: '/dev/null/x' },
  );
});
