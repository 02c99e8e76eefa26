import { execFileSync } from 'node:child_process';

/** Mounts a disk of so little memory on a folder; false where that is not allowed. */
export function mountSmall(folder: string, size: string): boolean {
  return mount(['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]);
}

/** There is space again. */
export function enlarge(folder: string, size: string): void {
  if (!mount(['-o', `remount,size=${size}`, folder])) throw new Error(`${folder} cannot be made larger`);
}

export function unmount(folder: string): void {
  execFileSync('umount', [folder]);
}

function mount(args: readonly string[]): boolean {
  try {
    execFileSync('mount', args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
