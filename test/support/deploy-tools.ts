import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { repoRoot } from '../../src/core/root.js';

/** Where `.ci/deploy-tools` puts them. */
export const toolsFolder = join(
  process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
  'logowatch-test',
  'deploy-tools',
);

function find(tool: string): string | undefined {
  for (const folder of [join(toolsFolder, 'bin'), ...(process.env.PATH ?? '').split(delimiter)]) {
    try {
      accessSync(join(folder, tool), constants.X_OK);
      return join(folder, tool);
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/** Why checks with these tools are skipped here; false where they run. Throws where LOGOWATCH_REQUIRE has `deploy`. */
export function withoutTools(...tools: readonly string[]): string | false {
  const missing = tools.filter((tool) => find(tool) === undefined);
  return (
    missing.length > 0 &&
    unlessRequired(`no ${missing.join(', no ')}: .ci/deploy-tools installs what is missing`)
  );
}

export function unlessRequired(why: string): string {
  if ((process.env.LOGOWATCH_REQUIRE ?? '').split(',').includes('deploy')) throw new Error(why);
  return why;
}

export interface ToolResult {
  readonly status: number | null;
  readonly stdout: string;
  /** stdout and stderr. */
  readonly text: string;
}

/** Runs a tool in the root of the checkout. */
export function runTool(tool: string, ...args: readonly string[]): ToolResult {
  const found = find(tool);
  if (found === undefined) throw new Error(`no ${tool}`);
  const { status, stdout, stderr, error } = spawnSync(found, args, {
    cwd: repoRoot(),
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (error !== undefined) throw error;
  return { status, stdout, text: stdout + stderr };
}
