import { dataFolder } from '../core/data-folder.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import type { EvidenceSection } from './config.js';
import { Evidence } from './evidence.js';
import { EvidenceFolder } from './folder.js';

const MEGABYTE = 1_000_000;

export const evidencePath = ({ path }: Partial<EvidenceSection> = {}): string =>
  path ?? dataFolder('evidence');

/** Evidence as the config's section says. Errors: config-invalid. */
export async function openEvidence(section: EvidenceSection, telemetry: Telemetry): Promise<Evidence> {
  const { days, maxMegabytes } = section;
  const path = evidencePath(section);
  const folder = await EvidenceFolder.open({ path, days, maxBytes: maxMegabytes * MEGABYTE, telemetry });
  return new Evidence({ folder, telemetry });
}
