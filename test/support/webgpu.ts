import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { chromiumPath } from './chromium.js';

const PACKAGES = ['webgpu@0.6.2', '@tensorflow/tfjs-backend-webgpu@4.22.0', '@tensorflow/tfjs-core@4.22.0'];

/** Chromium's Vulkan driver that computes on the processor; Debian's Chromium brings it in a folder of its own. */
function softwareDriver(): string | undefined {
  const chromium = chromiumPath();
  if (chromium === undefined) return undefined;
  return [dirname(chromium), '/usr/lib/chromium']
    .map((folder) => join(folder, 'vk_swiftshader_icd.json'))
    .find((path) => existsSync(path));
}

/**
 * Variables with which a process finds WebGPU on a software driver: packages that npm puts into the cache folder once, 50 MB.
 * A string says why there is none.
 */
export function webgpuEnvironment(): Record<string, string> | string {
  const driver = softwareDriver();
  if (driver === undefined) return 'no Chromium, whose Vulkan driver needs no GPU';
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folder = join(cache, 'logowatch-test', 'webgpu-0.6.2');
  const found = { NODE_PATH: join(folder, 'node_modules'), VK_ICD_FILENAMES: driver };
  if (existsSync(folder)) return found;
  const work = `${folder}.${process.pid}`;
  mkdirSync(work, { recursive: true });
  try {
    writeFileSync(join(work, 'package.json'), '{"private":true}');
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--silent', ...PACKAGES];
    const { status } = spawnSync('npm', args, { cwd: work, timeout: 120_000 });
    if (status !== 0) return 'npm does not give the webgpu package';
    renameSync(work, folder);
    return found;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
