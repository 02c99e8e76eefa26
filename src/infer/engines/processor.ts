import { readFileSync } from 'node:fs';

/**
 * Whether the processor multiplies unsigned by signed bytes without saturating in 16 bits: ARM does, x86 with VNNI
 * does. Only Linux tells; elsewhere on x86: no.
 */
export function hasWideInt8(
  arch: string = process.arch,
  cpuinfo: () => string = () => readFileSync('/proc/cpuinfo', 'utf8'),
): boolean {
  if (arch === 'arm64') return true;
  if (arch !== 'x64') return false;
  try {
    return /^flags\s*:.*vnni/m.test(cpuinfo());
  } catch {
    return false;
  }
}

/**
 * The greatest weight in 8 bits: less where two products of a byte with a weight must fit into 16 bits, as 2 * 255 * 63
 * does. A bit less costs little, while kernels that cannot saturate are no faster than floats.
 */
export const int8WeightMax = (wide: boolean = hasWideInt8()): number => (wide ? 127 : 63);
