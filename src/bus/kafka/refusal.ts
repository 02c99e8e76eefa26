import { LogowatchError } from '../../core/errors.js';

/** What was asked of the cluster, so that a refusal can name it: Kafka's own answer does not. */
export interface Asked {
  readonly topics?: readonly string[] | undefined;
  readonly group?: string | undefined;
  readonly transactionalId?: string | undefined;
  /** The coordinator has answered us before: one that is not found now is away, and refuses nothing. */
  readonly heard?: boolean | undefined;
}

/** What is refused will be refused again. */
export class Refusal extends LogowatchError {
  /** kafkajs tries everything else again. */
  readonly retriable = false;
}

const NO_COORDINATOR = 'Failed to find group coordinator';

/** Brokers that start name no coordinator either, for a while. */
export const isWithoutCoordinator = (error: unknown): boolean =>
  [...chain(error)].some(({ message }) => message === NO_COORDINATOR);

interface KafkaError {
  readonly name?: string;
  readonly type?: string;
  readonly message?: string;
  readonly topic?: string;
  readonly cause?: unknown;
  readonly errors?: readonly KafkaError[];
}

/** A typed error where the cluster knows us and says no, or does not know us; undefined for anything else. */
export function refusal(error: unknown, asked: Asked): LogowatchError | undefined {
  for (const cause of chain(error)) {
    if (cause instanceof Refusal) return cause;
    const found = refused(cause, asked);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** For `catch`: the refusal where it is one, else the error as it was. */
export const orRefusal =
  (asked: Asked) =>
  (error: unknown): never => {
    throw refusal(error, asked) ?? error;
  };

function refused({ name, type, message, topic }: KafkaError, asked: Asked): Refusal | undefined {
  const topics = topic === undefined ? asked.topics : [topic];
  switch (type) {
    case 'TOPIC_AUTHORIZATION_FAILED':
      return denied(`topic ${(topics ?? ['?']).join(', ')}`);
    case 'GROUP_AUTHORIZATION_FAILED':
      return denied(`group ${asked.group ?? '?'}`);
    case 'TRANSACTIONAL_ID_AUTHORIZATION_FAILED':
      return denied(`transactional id ${asked.transactionalId ?? '?'}`);
    case 'CLUSTER_AUTHORIZATION_FAILED':
      return denied('cluster');
    default:
  }
  // kafkajs keeps to itself why brokers name no coordinator.
  if (message === NO_COORDINATOR && !asked.heard)
    return denied(
      asked.transactionalId === undefined
        ? `group ${asked.group ?? '?'}`
        : `transactional id ${asked.transactionalId}`,
    );
  // A broker hears one login a second: in the last seconds of a token kafkajs brings it with every request.
  const types = ['SASL_AUTHENTICATION_FAILED', 'ILLEGAL_SASL_STATE'];
  if (name !== 'KafkaJSSASLAuthenticationError' && !types.includes(type ?? '')) return undefined;
  return new Refusal('bus-failed', 'Kafka refuses our login', {
    value: message ?? '',
    remedy: 'Check bus.kafka.sasl: mechanism, username, password or token',
  });
}

const denied = (what: string): Refusal =>
  new Refusal('bus-failed', 'Kafka does not let us use something', {
    value: what,
    remedy: 'Give our user the ACLs that docs/kafka.md lists for this stage',
  });

/** The error, and those that it wraps. */
function* chain(error: unknown): Generator<KafkaError> {
  for (let at = error as KafkaError | undefined; at !== undefined && at !== null; ) {
    yield at;
    yield* at.errors ?? [];
    at = at.cause as KafkaError | undefined;
  }
}
