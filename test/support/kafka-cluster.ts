import { type BrokerPorts, freePorts, TestBroker } from './kafka.js';

const SIZE = 3;

/** Three brokers that elect their leaders: all is on each of them, two must have it before it counts. */
export class TestCluster {
  readonly brokers: readonly TestBroker[];

  private constructor(brokers: readonly TestBroker[]) {
    this.brokers = brokers;
  }

  static async start(): Promise<TestCluster> {
    const ports: BrokerPorts[] = [];
    for (let i = 0; i < SIZE; i++) ports.push(await freePorts());
    const voters = ports.map(({ controller }, i) => `${i + 1}@127.0.0.1:${controller}`).join(',');
    const starting = ports.map((own, i) =>
      TestBroker.start({
        ports: own,
        properties: {
          'node.id': i + 1,
          'controller.quorum.voters': voters,
          'default.replication.factor': SIZE,
          'min.insync.replicas': SIZE - 1,
          'offsets.topic.replication.factor': SIZE,
          'transaction.state.log.replication.factor': SIZE,
          'transaction.state.log.min.isr': SIZE - 1,
          // A broker that is gone is missed after so long.
          'broker.session.timeout.ms': 6_000,
          'broker.heartbeat.interval.ms': 1_000,
        },
      }),
    );
    const started = await Promise.allSettled(starting);
    const brokers = started.flatMap((s) => (s.status === 'fulfilled' ? [s.value] : []));
    const failed = started.find((s) => s.status === 'rejected');
    if (failed === undefined) return new TestCluster(brokers);
    await Promise.all(brokers.map((broker) => broker.stop()));
    throw failed.reason;
  }

  get addresses(): string[] {
    return this.brokers.map(({ address }) => address);
  }

  async stop(): Promise<void> {
    await Promise.all(this.brokers.map((broker) => broker.stop()));
  }
}
