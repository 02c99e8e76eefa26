import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { fromMaven, withoutJava } from './maven.js';
import { freePort } from './ports.js';

/** The broker that tests run against; its jars come from Maven Central. */
const VERSION = process.env['LOGOWATCH_TEST_KAFKA'] ?? '4.4.0';
const STARTED = 'Kafka Server started';
const START_MS_MAX = 60_000;

export const withoutKafka = (): string | false => withoutJava('kafka');

export interface BrokerPorts {
  readonly port: number;
  readonly controller: number;
}

export const freePorts = async (): Promise<BrokerPorts> => ({
  port: await freePort('tcp'),
  controller: await freePort('tcp'),
});

export interface BrokerExtras {
  /** Default: free ones. */
  readonly ports?: BrokerPorts;
  /** Beside the plain one. */
  readonly listener?: { readonly name: string; readonly protocol: string; readonly address: string };
  readonly properties?: Readonly<Record<string, string | number>>;
  /** More arguments of the storage tool. */
  readonly format?: readonly string[];
}

export class TestBroker {
  readonly address: string;
  readonly #folder: string;
  readonly #jars: string;
  #process: ChildProcess | undefined;

  private constructor(address: string, folder: string, jars: string) {
    this.address = address;
    this.#folder = folder;
    this.#jars = jars;
  }

  /** @param more its properties that depend on its ports */
  static async start(
    extras: BrokerExtras = {},
    more: (port: number, controller: number) => Readonly<Record<string, string>> = () => ({}),
  ): Promise<TestBroker> {
    const jars = await brokerJars();
    const folder = await mkdtemp(join(tmpdir(), 'logowatch-kafka-'));
    const { port, controller } = extras.ports ?? (await freePorts());
    const given = { ...extras, properties: { ...extras.properties, ...more(port, controller) } };
    await writeFile(join(folder, 'server.properties'), properties(folder, port, controller, given));
    const broker = new TestBroker(`127.0.0.1:${port}`, folder, jars);
    const format = [
      'kafka.tools.StorageTool',
      'format',
      '-t',
      'bG9nb3dhdGNoLXRlc3QtMQ',
      '-c',
      'server.properties',
      ...(extras.format ?? []),
    ];
    const formatted = spawnSync('java', ['-Xmx128m', '-cp', join(jars, '*'), ...format], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (formatted.status !== 0) throw new Error(`the broker cannot be set up: ${formatted.stderr}`);
    await broker.up();
    return broker;
  }

  get addresses(): readonly string[] {
    return [this.address];
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  async up(): Promise<void> {
    const options = ['-Xms64m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
    const child = spawn(
      'java',
      [...options, '-cp', join(this.#jars, '*'), 'kafka.Kafka', 'server.properties'],
      {
        cwd: this.#folder,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.#process = child;
    let log = '';
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`no broker after ${START_MS_MAX} ms: ${log}`)),
        START_MS_MAX,
      );
      const read = (chunk: Buffer): void => {
        log = (log + chunk.toString()).slice(-4000);
        if (!log.includes(STARTED)) return;
        clearTimeout(timer);
        resolve();
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`the broker ended with ${code}: ${log}`));
      });
    });
  }

  /** What a topic takes on its disk. */
  bytes(topic: string): number {
    const data = join(this.#folder, 'data');
    const partitions = readdirSync(data).filter((name) => name.replace(/-\d+$/, '') === topic);
    const files = partitions.flatMap((partition) =>
      readdirSync(join(data, partition)).map((file) => join(data, partition, file)),
    );
    // Indexes are made at their full size at first.
    return files.filter((file) => file.endsWith('.log')).reduce((sum, file) => sum + statSync(file).size, 0);
  }

  signal(name: NodeJS.Signals): void {
    this.#process?.kill(name);
  }

  /** Ends it without a word, as a power cut would. */
  async kill(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function properties(folder: string, port: number, controller: number, extras: BrokerExtras): string {
  const { name = 'PLAINTEXT', protocol = 'PLAINTEXT', address } = extras.listener ?? {};
  const also = address === undefined ? '' : `,${name}://${address}`;
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}${also}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}${also}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': `CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT${also && `,${name}:${protocol}`}`,
    'log.dirs': join(folder, 'data'),
    'offsets.topic.num.partitions': 5,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.num.partitions': 5,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'default.replication.factor': 1,
    'group.initial.rebalance.delay.ms': 0,
    'auto.create.topics.enable': false,
    'message.max.bytes': 8_388_608,
    'replica.fetch.max.bytes': 8_388_608,
    ...extras.properties,
  })
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

function brokerJars(): Promise<string> {
  const dependency = (group: string, artifact: string, version: string): string =>
    `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`;
  return fromMaven(
    `kafka-${VERSION}`,
    ['dependency:copy-dependencies', '-DoutputDirectory=out'],
    `<dependencies>${dependency('org.apache.kafka', 'kafka_2.13', VERSION)}${dependency('org.slf4j', 'slf4j-simple', '1.7.36')}</dependencies>`,
  );
}

/** A client and its admin, quick to ask again. */
export async function connectAdmin({ address }: TestBroker): Promise<{ kafka: Kafka; admin: Admin }> {
  const retry = { initialRetryTime: 20 };
  const kafka = new Kafka({ brokers: [address], logLevel: logLevel.NOTHING, retry });
  const admin = kafka.admin();
  await admin.connect();
  return { kafka, admin };
}
