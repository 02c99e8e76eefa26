import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KafkaSection } from '../../src/bus/kafka/config.js';
import { TestBroker } from './kafka.js';
import { freePort } from './ports.js';

/** Users and their password; `root` may do everything, the others what ACLs say. */
export const PASSWORD = 'correct-horse-battery';
const USERS = ['root', 'ingest', 'infer', 'sink'];
const STORE_PASSWORD = 'changeit';

/**
 * A broker whose second listener asks for TLS and a login by any of Kafka's mechanisms. The plain one is the administrator's.
 * Its certificate is its own authority, made by the keytool that comes with Java.
 */
export class SecureBroker {
  readonly plain: TestBroker;
  readonly address: string;
  /** PEM file of the authority. */
  readonly caFile: string;
  readonly #folder: string;

  private constructor(plain: TestBroker, address: string, folder: string) {
    this.plain = plain;
    this.address = address;
    this.#folder = folder;
    this.caFile = join(folder, 'ca.pem');
  }

  static async start(): Promise<SecureBroker> {
    const folder = await mkdtemp(join(tmpdir(), 'logowatch-tls-'));
    const store = join(folder, 'broker.p12');
    makeCertificate(store, join(folder, 'ca.pem'));
    const address = `127.0.0.1:${await freePort('tcp')}`;
    const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) =>
      USERS.flatMap((name) => ['--add-scram', `${mechanism}=[name=${name},password=${PASSWORD}]`]),
    );
    const plain = await TestBroker.start({
      listener: { name: 'SECURE', protocol: 'SASL_SSL', address },
      properties: properties(store),
      format: scram,
    });
    return new SecureBroker(plain, address, folder);
  }

  /** Its second listener asks for the certificate of a client that it knows, and for no login. */
  static async startMutual(): Promise<SecureBroker> {
    const folder = await mkdtemp(join(tmpdir(), 'logowatch-mtls-'));
    const [store, trust] = [join(folder, 'broker.p12'), join(folder, 'trust.p12')];
    makeCertificate(store, join(folder, 'ca.pem'));
    for (const name of ['client', 'stranger']) makeClient(folder, name);
    const into = ['-keystore', trust, '-storetype', 'PKCS12', '-storepass', STORE_PASSWORD];
    keytool(['-importcert', '-noprompt', '-alias', 'client', '-file', join(folder, 'client.pem'), ...into]);
    const address = `127.0.0.1:${await freePort('tcp')}`;
    const listener = {
      ...keyStore(store),
      'ssl.client.auth': 'required',
      'ssl.truststore.type': 'PKCS12',
      'ssl.truststore.location': trust,
      'ssl.truststore.password': STORE_PASSWORD,
    };
    const plain = await TestBroker.start({
      listener: { name: 'SECURE', protocol: 'SSL', address },
      properties: ofListener(listener),
    });
    return new SecureBroker(plain, address, folder);
  }

  /** `bus.kafka` of a client that shows a certificate: `client` is known, `stranger` is not. */
  certified(name: 'client' | 'stranger'): KafkaSection {
    const [certFile, keyFile] = [join(this.#folder, `${name}.pem`), join(this.#folder, `${name}.key`)];
    return { brokers: [this.address], tls: { caFile: this.caFile, certFile, keyFile } };
  }

  /** `bus.kafka` of a user. */
  section(username: string, over: Partial<KafkaSection> = {}): KafkaSection {
    const sasl = { mechanism: 'scram-sha-512', username, password: PASSWORD } as const;
    return { brokers: [this.address], tls: { caFile: this.caFile }, sasl, ...over };
  }

  ca(): Promise<string> {
    return readFile(this.caFile, 'utf8');
  }

  async stop(): Promise<void> {
    await this.plain.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** A token of Kafka's own unsecured kind, which brokers take where nothing else is configured: for tests. */
export function unsecuredToken(subject: string, seconds: number): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (claims: object) => Buffer.from(JSON.stringify(claims)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ sub: subject, iat: now, exp: now + seconds })}.`;
}

function properties(store: string): Record<string, string> {
  const module = 'org.apache.kafka.common.security';
  const users = USERS.map((user) => `user_${user}="${PASSWORD}"`).join(' ');
  const listener = {
    ...keyStore(store),
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    'plain.sasl.jaas.config': `${module}.plain.PlainLoginModule required ${users};`,
    'scram-sha-256.sasl.jaas.config': `${module}.scram.ScramLoginModule required;`,
    'scram-sha-512.sasl.jaas.config': `${module}.scram.ScramLoginModule required;`,
    'oauthbearer.sasl.jaas.config': `${module}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
    // A connection lives as long as its token, unless it brings a new one.
    'oauthbearer.connections.max.reauth.ms': '3600000',
  };
  return {
    'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
    'super.users': 'User:ANONYMOUS;User:root',
    ...ofListener(listener),
  };
}

const keyStore = (store: string) => ({
  'ssl.keystore.type': 'PKCS12',
  'ssl.keystore.location': store,
  'ssl.keystore.password': STORE_PASSWORD,
  'ssl.key.password': STORE_PASSWORD,
});

const ofListener = (properties: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(properties).map(([k, v]) => [`listener.name.secure.${k}`, v]));

/** A key and its own certificate, in PEM, by the openssl that comes with Java's certificates on Debian. */
function makeClient(folder: string, name: string): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const files = ['-keyout', join(folder, `${name}.key`), '-out', join(folder, `${name}.pem`)];
  const args = ['req', '-x509', ...key, ...files, '-days', '2', '-subj', `/CN=${name}`];
  const { status, stderr } = spawnSync('openssl', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`openssl: ${stderr}`);
}

function makeCertificate(store: string, ca: string): void {
  const common = ['-keystore', store, '-storepass', STORE_PASSWORD, '-alias', 'broker'];
  const key = ['-genkeypair', '-keyalg', 'EC', '-groupname', 'secp256r1', '-storetype', 'PKCS12'];
  keytool([...key, ...common, '-dname', 'CN=broker', '-ext', 'san=ip:127.0.0.1,dns:localhost']);
  keytool(['-exportcert', '-rfc', '-file', ca, ...common]);
}

function keytool(args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync('keytool', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`keytool: ${stdout}${stderr}`);
}
