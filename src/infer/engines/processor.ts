import { readFileSync } from 'node:fs';

/**
 * Whether the processor multiplies unsigned by signed bytes without saturating in 16 bits: ARM does, x86 with VNNI
 * does. Without it 8 bits are either wrong or slower than float. Only Linux tells; elsewhere on x86: no.
 */
export function hasExactInt8(
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
