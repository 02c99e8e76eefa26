import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where what a user keeps lies by default, as the XDG base directory specification has it. */
export function dataFolder(name: string, environment: NodeJS.ProcessEnv = process.env): string {
  return join(environment.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'logowatch', name);
}
