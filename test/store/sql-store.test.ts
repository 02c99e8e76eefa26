import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '../../src/store/open.js';
import { storeContract } from '../contract/store.js';
import { TestPostgres, withoutPostgres } from '../support/postgres.js';

const folder = mkdtempSync(join(tmpdir(), 'logowatch-store-'));
storeContract(
  'PGlite',
  () => openStore({ path: join(folder, 'store') }),
  false,
  async () => rmSync(folder, { recursive: true }),
);

let server: TestPostgres | undefined;
storeContract(
  'PostgreSQL',
  async () => {
    server = await TestPostgres.start();
    return openStore({ url: server.url() });
  },
  withoutPostgres(),
  async () => server?.stop(),
);
