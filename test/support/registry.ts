import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fromMaven, withoutJava } from './maven.js';
import { freePort } from './ports.js';

/** A schema registry that speaks Confluent's protocol; this version runs on Java 17. */
const VERSION = '3.0.9';
const START_MS_MAX = 90_000;

export const withoutRegistry = (): string | false => withoutJava('registry');

/** Keeps schemas in memory, unless its environment says otherwise. */
export class TestRegistry {
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(url: string, process: ChildProcess) {
    this.url = url;
    this.#process = process;
  }

  static async start(environment: Readonly<Record<string, string>> = {}): Promise<TestRegistry> {
    const folder = await fromMaven(`apicurio-${VERSION}`, ['dependency:unpack'], plugin());
    const port = await freePort('tcp');
    const child = spawn(
      'java',
      [
        '-Xmx256m',
        '-XX:TieredStopAtLevel=1',
        '-Dquarkus.http.host=127.0.0.1',
        `-Dquarkus.http.port=${port}`,
        '-jar',
        `apicurio-registry-app-${VERSION}-runner.jar`,
      ],
      { cwd: join(folder), stdio: 'ignore', env: { ...process.env, ...environment } },
    );
    const registry = new TestRegistry(`http://127.0.0.1:${port}/apis/ccompat/v7`, child);
    const deadline = performance.now() + START_MS_MAX;
    while (!(await answers(`${registry.url}/subjects`))) {
      if (child.exitCode !== null) throw new Error(`the registry ended with ${child.exitCode}`);
      if (performance.now() > deadline) throw new Error(`no registry after ${START_MS_MAX} ms`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return registry;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await gone;
  }
}

const answers = (url: string): Promise<boolean> =>
  fetch(url).then(
    (r) => r.ok,
    () => false,
  );

function plugin(): string {
  const item = `<groupId>io.apicurio</groupId><artifactId>apicurio-registry-app</artifactId><version>${VERSION}</version><type>tar.gz</type><classifier>all</classifier>`;
  return `<build><plugins><plugin><groupId>org.apache.maven.plugins</groupId><artifactId>maven-dependency-plugin</artifactId>
<configuration><artifactItems><artifactItem>${item}</artifactItem></artifactItems><outputDirectory>out</outputDirectory></configuration></plugin></plugins></build>`;
}
