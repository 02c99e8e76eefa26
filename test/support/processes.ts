import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessInfo {
  readonly pid: number;
  /** R, S, D, T (stopped), Z (zombie), ... */
  readonly state: string;
  readonly commandLine: string;
}

/** The living and the dead children of this process, from /proc. Linux only. */
export function children(parent = process.pid): ProcessInfo[] {
  const found: ProcessInfo[] = [];
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // The command in brackets may hold spaces and brackets itself.
      const [state, ppid] = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      if (Number(ppid) !== parent) continue;
      const commandLine = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      found.push({ pid: Number(name), state: state ?? '?', commandLine });
    } catch {
      // It ended while we looked.
    }
  }
  return found;
}

export function zombies(): ProcessInfo[] {
  return children().filter(({ state }) => state === 'Z');
}

/** Children that read frames for us, as opposed to publishers. */
export function readers(): ProcessInfo[] {
  return children().filter(({ commandLine }) => commandLine.includes('showinfo'));
}

/** Resident memory of a process; 0 when it is gone. */
export function residentBytes(pid: number): number {
  try {
    return Number(/^VmRSS:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) << 10;
  } catch {
    return 0;
  }
}

export function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

/** A zombie that nobody reaps is dead all the same. */
export function isAlive(pid: number): boolean {
  try {
    return !/^.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
