import { setImmediate as turn } from 'node:timers/promises';
import type { Batch, Bus, SubscribeOptions, Topic } from '../../../src/bus/bus.js';
import { Subscription } from '../../../src/bus/kafka/subscription.js';
import type { Wire } from '../../../src/bus/kafka/wire.js';
import type { Appearance } from '../../../src/core/appearance.js';
import { runSmoothing } from '../../../src/infer/flow.js';
import { runSinks } from '../../../src/sink/run.js';
import { RecordingTelemetry } from '../../../src/telemetry/telemetry.js';
import { simAdmin, simKafka } from './client.js';
import { LostAnswer, Machine, type Random } from './machine.js';
import type { SimNet } from './net.js';

/** Virtual milliseconds that pass with each turn of the event loop. */
export const TURN_MS = 2;
const TURNS_MAX = 8_000;
const FAULTS = 0.02;

const json: Wire = {
  encode: async (_, value) => ({ value: Buffer.from(JSON.stringify(value)), headers: {} }),
  decode: async (_, bytes) => JSON.parse(bytes.toString()),
};

type Role = 'smooth' | 'sink';

interface Process {
  readonly role: Role;
  readonly machine: Machine;
  readonly stop: AbortController;
  readonly running: Promise<unknown>;
}

/** The processes of a simulation and what befalls them. */
export class World {
  readonly delivered: Appearance[] = [];
  readonly counts = { kills: 0, stops: 0, lost: 0, takeovers: 0 };
  readonly #net: SimNet;
  readonly #random: Random;
  #processes: Process[] = [];
  #faults = FAULTS;

  constructor(net: SimNet, random: Random) {
    this.#net = net;
    this.#random = random;
    for (const role of ['smooth', 'smooth', 'sink'] as const) this.#start(role);
  }

  disturb(): void {
    const dice = this.#random();
    const one = this.#processes[Math.floor(this.#random() * this.#processes.length)];
    if (dice < 0.015 && one !== undefined) this.#kill(one);
    else if (dice < 0.03 && one !== undefined && !one.machine.stopped) {
      one.machine.stop();
      this.counts.stops++;
    } else if (dice < 0.06) {
      // Whoever is stopped for a session is taken for dead, and may come back later.
      for (const { machine } of this.#processes) if (machine.stopped) this.#expire();
    } else if (dice < 0.08) for (const { machine } of this.#processes) machine.resume();
    else if (dice < 0.09) this.#net.cluster.expireTransactions();
    if (this.#processes.length < 2 || dice > 0.985) this.#start(dice > 0.99 ? 'sink' : 'smooth');
  }

  #calm(): void {
    this.#faults = 0;
    for (const { machine } of this.#processes) {
      machine.faults = 0;
      machine.resume();
    }
    for (const role of ['smooth', 'sink'] as const)
      if (!this.#processes.some((p) => p.role === role)) this.#start(role);
    this.#expire();
    this.#net.cluster.expireTransactions();
  }

  /** Without further harm, until every record is worked off; then the processes stop as they do when they are told to. */
  async workOff(tick: (ms: number) => void): Promise<void> {
    this.#calm();
    await this.#turns(
      tick,
      () => this.#workedOff('smooth', 'detections') && this.#workedOff('sink-sim', 'appearances'),
    );
    for (const { stop } of this.#processes) stop.abort();
    let stopped = false;
    void Promise.allSettled(this.#processes.map((p) => p.running)).then(() => {
      stopped = true;
    });
    await this.#turns(tick, () => stopped);
  }

  end(): void {
    for (const { machine } of this.#processes) machine.kill();
    this.counts.lost += this.#processes.reduce((n, p) => n + p.machine.lost, 0);
  }

  async #turns(tick: (ms: number) => void, until: () => boolean): Promise<void> {
    for (let turns = 0; !until(); turns++) {
      if (turns > TURNS_MAX) throw new Error(`not worked off: ${this.#state()}`);
      tick(TURN_MS);
      await turn();
    }
  }

  #state(): string {
    const at = (group: string, topic: string, p: number): string =>
      `${topic}/${p}: ${this.#net.cluster.committed(group, topic, p)} of ${this.#net.cluster.log(topic, p).length}`;
    return Array.from({ length: this.#net.cluster.partitions }, (_, p) => p)
      .flatMap((p) => [at('smooth', 'detections', p), at('sink-sim', 'appearances', p)])
      .join(', ');
  }

  #workedOff(group: string, topic: string): boolean {
    const { cluster } = this.#net;
    for (let p = 0; p < cluster.partitions; p++) {
      const { messages, next } = cluster.read(topic, p, 0n);
      const last = messages.at(-1);
      if (last === undefined || next === 0n) continue;
      if ((cluster.committed(group, topic, p) ?? 0n) <= BigInt(last.offset)) return false;
    }
    return true;
  }

  #kill(process: Process): void {
    process.machine.kill();
    this.counts.kills++;
    this.counts.lost += process.machine.lost;
    this.#processes = this.#processes.filter((p) => p !== process);
    if (this.#random() < 0.5) this.#expire();
  }

  /** Sessions end: those that are stopped or dead are out of their groups. */
  #expire(): void {
    const alive = new Set(this.#processes.filter((p) => !p.machine.stopped).map((p) => p.machine));
    for (const group of this.#net.groups.values()) group.expire((machine) => alive.has(machine as Machine));
  }

  #start(role: Role): void {
    if (this.#processes.filter((p) => p.role === role).length >= 3) return;
    const machine = new Machine(this.#random, this.#faults);
    const stop = new AbortController();
    const bus = simBus(this.#net, machine);
    const telemetry = new RecordingTelemetry();
    const { signal } = stop;
    const write = (events: readonly Appearance[]) =>
      machine.request(() => void this.delivered.push(...events), false);
    const running =
      role === 'smooth'
        ? runSmoothing({ bus, telemetry, signal })
        : runSinks({
            bus,
            telemetry,
            signal,
            sinks: [{ name: 'sim', write, close: async () => undefined }],
            retry: { pauseMs: 0, pauseMsMax: 0 },
          });
    const process: Process = { role, machine, stop, running };
    running.catch((error: unknown) => {
      if (!machine.dead && !(error instanceof LostAnswer) && !signal.aborted) throw error;
    });
    this.#processes.push(process);
    this.counts.takeovers++;
  }
}

function simBus(net: SimNet, machine: Machine): Bus {
  const telemetry = new RecordingTelemetry();
  const context = {
    kafka: simKafka(net, machine),
    admin: simAdmin(net, machine),
    settings: { brokers: [] },
    wire: json,
    telemetry,
    prefix: '',
    busId: 'simulated',
  };
  return {
    subscribe: <T>(topic: Topic<T>, options: SubscribeOptions): AsyncIterable<Batch<T>> =>
      new Subscription(context, topic, options).batches(),
    send: () => Promise.reject(new Error('the simulation feeds the cluster itself')),
    end: async () => undefined,
    close: async () => undefined,
  };
}
