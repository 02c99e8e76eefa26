import { join } from 'node:path';
import { dataFolder } from '../core/data-folder.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { Clips } from './clip/clips.js';
import { clipEncoder } from './clip/encode.js';
import type { EvidenceSection } from './config.js';
import { Evidence } from './evidence.js';
import { EvidenceFolder } from './folder.js';
import { STAGING } from './tree.js';

const MEGABYTE = 1_000_000;

export const evidencePath = ({ path }: Partial<EvidenceSection> = {}): string =>
  path ?? dataFolder('evidence');

/** Evidence as the config's section says. Errors: config-invalid; with clips those of `clipEncoder`. */
export async function openEvidence(
  section: EvidenceSection,
  telemetry: Telemetry,
  {
    ffmpegPath,
    shared = false,
  }: { readonly ffmpegPath?: string | undefined; readonly shared?: boolean } = {},
): Promise<Evidence> {
  const { days, maxMegabytes, clip } = section;
  const path = evidencePath(section);
  const encode = clip && (await clipEncoder(join(path, STAGING), ffmpegPath));
  const folder = await EvidenceFolder.open({ path, days, maxBytes: maxMegabytes * MEGABYTE, telemetry });
  const onFrameLoss = (reason: 'busy' | 'memory') =>
    telemetry.emit({ type: 'evidence-clip-frame-dropped', reason });
  const clips = clip && encode && new Clips({ section: clip, encode, onFrameLoss });
  return new Evidence({ folder, telemetry, clips, shared });
}
