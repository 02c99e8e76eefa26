import { once } from 'node:events';
import { type Config, loadConfigFile } from '../config.js';
import { isAddress } from '../ingest/open.js';
import type { DesiredStream } from '../ingest/stream-set.js';
import { runIngestStage } from '../pipeline.js';
import { claimStreams } from '../streams/claim.js';
import { StreamControl } from '../streams/control.js';
import { Fleet } from '../streams/fleet.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { ConfigReload } from './reload.js';
import type { StageRun } from './stage-run.js';
import { streamApi } from './stream-api.js';
import { resolveEntry, sharedTexts, warnOfOthers } from './stream-config.js';
import { reportFailures, sourceSpec } from './watch-config.js';

/**
 * Files are read by the process whose config names them, which ends with them where there is nothing else to do. Addresses
 * belong to all nodes together: what the config says of them is put where all read it, and each runs its share.
 */
export async function runIngest(run: StageRun): Promise<void> {
  const { config } = run.file;
  const files = config.streams.filter((s) => !isAddress(s.url));
  if (files.length === 0 || files.length < config.streams.length || config.ops?.token !== undefined)
    return runFleet(run);
  const { bus, telemetry, signal, onWork } = run;
  onWork();
  const streams = files.map((s) => sourceSpec(s, config));
  reportFailures(await runIngestStage({ streams, bus, telemetry, signal }));
}

async function runFleet({ bus, file, telemetry, signal, onWork, onOps }: StageRun): Promise<void> {
  let { config } = file;
  let shared = sharedTexts(config, file.streamTexts);
  let own = filesOf(config);
  const fleet = await Fleet.join({
    bus,
    access: bus.access,
    telemetry,
    own: () => own,
    resolve: (entry) => resolveEntry(entry, config),
  });
  const claim = async () => {
    if (shared !== undefined)
      sayClaim(config.name, await claimStreams(fleet, config.name, shared), telemetry);
  };
  const reload = new ConfigReload({
    path: file.path,
    telemetry,
    load: async () => {
      const next = await loadConfigFile(file.path);
      shared = sharedTexts(next.config, next.streamTexts);
      warnOfOthers(config, next.config, telemetry);
      // The name stays: by another one this process would leave its streams behind, ownerless.
      config = { ...next.config, name: config.name };
      own = filesOf(config);
      await claim();
      fleet.refresh();
    },
  });
  try {
    const control = new StreamControl({
      directory: fleet,
      status: (id) => fleet.board.of(id),
      check: (entry) => void resolveEntry(entry, config),
    });
    const api = await streamApi(config, control, fleet.board.node, reload);
    onOps({ checks: () => ({ share: fleet.ready }), ...api });
    await claim();
    fleet.start();
    onWork();
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    reload.close();
    await fleet.leave();
    reportFailures(fleet.failures);
  }
}

function filesOf(config: Config): Map<string, DesiredStream> {
  const files = config.streams.filter((s) => !isAddress(s.url));
  return new Map(files.map((s) => [s.id, { spec: sourceSpec(s, config) }]));
}

function sayClaim(
  name: string,
  { remove, taken }: Awaited<ReturnType<typeof claimStreams>>,
  telemetry: Telemetry,
): void {
  const say = (message: string) => telemetry.emit({ type: 'warning', message });
  if (remove.length > 0)
    say(`Streams removed, as the config "${name}" names them no longer: ${remove.join(', ')}`);
  if (taken.length > 0)
    say(
      `Streams that somebody else had added and the config "${name}" names as well, now its own: ${taken.join(', ')}`,
    );
}
