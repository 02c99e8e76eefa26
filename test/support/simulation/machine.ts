import { setImmediate as turn } from 'node:timers/promises';
import type { Fenced } from './cluster.js';

export type Random = () => number;

/** The answer that never came, or the request that never arrived: the asker cannot tell which. */
export class LostAnswer extends Error {
  readonly type: Fenced['type'] | 'REQUEST_TIMED_OUT' = 'REQUEST_TIMED_OUT';
}

const never = new Promise<never>(() => undefined);

/**
 * One process of the simulation, seen from outside: its requests take their time, get lost on the way there or back, wait
 * while it is stopped, and come to nothing once it is dead.
 */
export class Machine {
  readonly random: Random;
  /** Share of requests that are lost. */
  faults: number;
  /** Requests lost, on both ways. */
  lost = 0;
  #dead = false;
  #resume: (() => void) | undefined;
  #stopped: Promise<void> | undefined;

  constructor(random: Random, faults: number) {
    this.random = random;
    this.faults = faults;
  }

  get dead(): boolean {
    return this.#dead;
  }

  get stopped(): boolean {
    return this.#stopped !== undefined;
  }

  kill(): void {
    this.#dead = true;
    this.resume();
  }

  stop(): void {
    this.#stopped ??= new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  resume(): void {
    this.#stopped = undefined;
    this.#resume?.();
  }

  async request<T>(effect: () => T, mayBeLost = true): Promise<T> {
    await this.#pass();
    if (mayBeLost && this.random() < this.faults) this.#lose();
    const answer = effect();
    await this.#pass();
    if (mayBeLost && this.random() < this.faults) this.#lose();
    return answer;
  }

  #lose(): never {
    this.lost++;
    throw new LostAnswer('request timed out');
  }

  async #pass(): Promise<void> {
    for (let turns = Math.floor(this.random() * 4); turns > 0; turns--) await turn();
    while (this.#stopped !== undefined) await this.#stopped;
    if (this.#dead) await never;
  }
}
