import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Why tests that need a server written in Java are skipped here; false where they run. Throws where LOGOWATCH_REQUIRE names it. */
export function withoutJava(service: string): string | false {
  const missing = ['java', 'mvn'].filter(
    (name) => spawnSync(name, ['-version'], { stdio: 'ignore' }).status !== 0,
  );
  if (missing.length === 0) return false;
  const why = `no ${missing.join(' and no ')}: tests with a real ${service} are skipped`;
  if ((process.env.LOGOWATCH_REQUIRE ?? '').split(',').includes(service)) throw new Error(why);
  return why;
}

/**
 * A folder of what Maven fetches from Maven Central, once, kept in the cache folder.
 * @param goal leaves it in `out` of the folder that holds the pom
 */
export async function fromMaven(name: string, goal: readonly string[], body: string): Promise<string> {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folder = join(cache, 'logowatch-test', name);
  if (existsSync(folder)) return folder;
  const work = `${folder}.${process.pid}`;
  await mkdir(work, { recursive: true });
  const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>io.logowatch</groupId><artifactId>test</artifactId><version>1</version><packaging>pom</packaging>${body}</project>
`;
  await writeFile(join(work, 'pom.xml'), pom);
  const fetched = spawnSync('mvn', ['-q', '-B', ...goal], { cwd: work, encoding: 'utf8' });
  if (fetched.status !== 0) throw new Error(`${name} cannot be fetched: ${fetched.stdout}`);
  await rename(join(work, 'out'), folder).catch((error: NodeJS.ErrnoException) => {
    // Another test file was quicker.
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
  });
  await rm(work, { recursive: true, force: true });
  return folder;
}
