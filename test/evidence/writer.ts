import { EvidenceFolder } from '../../src/evidence/folder.js';
import { RecordingTelemetry } from '../../src/telemetry/telemetry.js';
import { evidence } from './support.js';

/** Keeps evidence until it is killed, and says of which appearance it is safe. */
const [path = '', first = '0'] = process.argv.slice(2);
const folder = await EvidenceFolder.open({
  ...{ path, days: 1, maxBytes: 1e9 },
  telemetry: new RecordingTelemetry(),
});
for (let n = Number(first); ; n++) {
  await folder.put(await evidence(n, Date.now()));
  process.stdout.write(`appearance-${n}\n`);
}
