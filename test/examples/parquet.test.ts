import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Appearance } from '../../src/core/appearance.js';
import { repoRoot } from '../../src/core/root.js';
import { createParquet } from '../../src/sink/sinks/parquet.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import { makeAppearance, makeEvent } from '../sink/events.js';
import { eventOf, type Row } from '../support/parquet.js';
import { pythonWith, runPython } from '../support/python.js';

const examples = join(repoRoot(), 'examples', 'python');
const python = pythonWith(join(examples, 'requirements-parquet.txt'));
const skip = typeof python === 'string' ? python : false;

/** Every row and every type, as another implementation reads them. */
const DUMP = `
import duckdb, json, sys
found = duckdb.execute("SET TimeZone = 'UTC'; SELECT * FROM read_parquet($f) ORDER BY id, revision", {"f": sys.argv[1] + "/*.parquet"})
names = [c[0] for c in found.description]
print(json.dumps({
  "types": {c[0]: str(c[1]) for c in found.description},
  "rows": [dict(zip(names, (v.isoformat() if hasattr(v, "isoformat") else v for v in row))) for row in found.fetchall()],
}))`;

const events: Appearance[] = [
  ...makeAppearance('a1'),
  makeEvent('a2', 0, 'ended', { exposureMs: 1000.25, endReason: 'stream-lost', score: 1 / 3 }),
  makeEvent('b1', 0, 'ended', {
    label: 'Köln 🙂',
    streamId: 'sports',
    startTime: '1969-12-31T23:59:59.999Z',
  }),
];

describe('Parquet files in DuckDB', { skip, timeout: 180_000 }, () => {
  let folder: string;
  const run = (args: string[]) => {
    const { code, stdout, stderr } = runPython(python as { path: string }, args);
    assert.equal(code, 0, stderr);
    return stdout.trim().split('\n');
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'logowatch-duckdb-'));
    // Revisions of one appearance in several files.
    const sink = await createParquet(
      { path: folder, rotateEvents: 1 },
      { telemetry: new RecordingTelemetry() },
    );
    for (const event of events) await sink.write([event]);
    await sink.close();
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('hold what was written, with the types that the docs name', () => {
    const [answer = ''] = run(['-c', DUMP, folder]);
    const { types, rows } = JSON.parse(answer) as { types: Record<string, string>; rows: Row[] };
    const dated = rows.map((row) => ({
      ...row,
      start_time: new Date(row.start_time as string),
      end_time: new Date(row.end_time as string),
    }));
    assert.deepEqual(dated.map(eventOf), events);
    assert.match(types.start_time ?? '', /TIMESTAMP WITH TIME ZONE/);
    assert.deepEqual([types.score, types.frames, types.label], ['DOUBLE', 'INTEGER', 'VARCHAR']);
  });

  it('the example counts the last revision of each appearance', () => {
    const lines = run([join(examples, 'brands_of_parquet.py'), folder]).map((line) => JSON.parse(line));
    assert.deepEqual(lines, [
      { stream_id: 'news 1', label: 'acme', appearances: 2, seconds: 6.20025 },
      { stream_id: 'sports', label: 'Köln 🙂', appearances: 1, seconds: 5.2 },
    ]);
  });
});
