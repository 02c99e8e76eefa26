/** A consumer group's coordinator: who has which partition. Members find out when they next ask, not before. */
export class SimGroup {
  readonly #partitions: number;
  #generation = 0;
  #members: string[] = [];
  readonly #machines = new Map<string, unknown>();

  constructor(partitions: number) {
    this.#partitions = partitions;
  }

  has(member: string): boolean {
    return this.#members.includes(member);
  }

  /** Takes a member in; everybody's partitions are dealt out anew. Returns the generation it belongs to. */
  join(member: string, machine: unknown): number {
    this.#machines.set(member, machine);
    if (!this.#members.includes(member)) {
      this.#members.push(member);
      this.#generation++;
    }
    return this.#generation;
  }

  /** It left, or was not heard of for a session. */
  remove(member: string): void {
    if (!this.#members.includes(member)) return;
    this.#members = this.#members.filter((m) => m !== member);
    this.#generation++;
  }

  /** Ends the sessions of members whose machines do not answer. */
  expire(answers: (machine: unknown) => boolean): void {
    for (const member of [...this.#members]) if (!answers(this.#machines.get(member))) this.remove(member);
  }

  assigned(member: string): number[] {
    const at = this.#members.indexOf(member);
    if (at < 0) return [];
    return Array.from({ length: this.#partitions }, (_, p) => p).filter(
      (p) => p % this.#members.length === at,
    );
  }

  /** What a heartbeat is answered. */
  isCurrent(member: string, generation: number): boolean {
    return this.#members.includes(member) && generation === this.#generation;
  }
}
