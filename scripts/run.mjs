// `npm start -- COMMAND ...`: sets up a clean clone, then runs the program in this process. Without a command: the demo.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root, setUp } from './setup.mjs';

setUp();
// npm runs scripts in the package's folder; paths that a user types are relative to where the user is.
if (process.env.INIT_CWD) process.chdir(process.env.INIT_CWD);
const cli = join(root, 'dist', 'src', 'cli.js');
const args = process.argv.slice(2);
process.argv = [process.execPath, cli, ...(args.length > 0 ? args : ['demo'])];
await import(pathToFileURL(cli).href);
