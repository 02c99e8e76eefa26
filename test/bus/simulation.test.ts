import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import type { Appearance } from '../../src/core/appearance.js';
import { type Outcome, simulate } from '../support/simulation/simulate.js';

/** LOGOWATCH_SIMULATION_SEEDS=N asks for more, LOGOWATCH_SIMULATION_FROM=S for others. */
const SEEDS = Number(process.env['LOGOWATCH_SIMULATION_SEEDS'] ?? 1_000);
const FROM = Number(process.env['LOGOWATCH_SIMULATION_FROM'] ?? 1);

const ofStream = (events: readonly Appearance[], streamId: string) =>
  events.filter((e) => e.streamId === streamId);
const named = (events: readonly Appearance[]) => events.map((e) => `${e.id} ${e.revision}`);

/** What an undisturbed single process says, is said: each event once, in order, and a sink ends with the same. */
function check({ expected, published, delivered }: Outcome): void {
  for (const [streamId, events] of expected) {
    assert.deepEqual(ofStream(published, streamId), events);
    const sunk = ofStream(delivered, streamId);
    // At least once: repeats are whole, and none comes before its time.
    const first = [...new Map(sunk.map((e) => [`${e.id} ${e.revision}`, e])).values()];
    assert.deepEqual(named(first), named(events));
  }
  assert.equal(published.length, [...expected.values()].flat().length);
}

describe('a seeded simulation of smoother, states and bus', { timeout: 600_000 }, () => {
  it(`${SEEDS} seeds of crashes, zombies, lost answers and repeats lose, double and split nothing`, async () => {
    const timers = mock.timers;
    timers.enable({ apis: ['setTimeout'] });
    const sum = { events: 0, kills: 0, stops: 0, lost: 0, takeovers: 0 };
    try {
      for (let seed = FROM; seed < FROM + SEEDS; seed++) {
        const outcome = await simulate(seed, (ms) => timers.tick(ms)).catch((cause: unknown) => {
          throw new Error(`seed ${seed}`, { cause });
        });
        try {
          check(outcome);
        } catch (cause) {
          throw new Error(`seed ${seed}: LOGOWATCH_SIMULATION_FROM=${seed} shows it again`, { cause });
        }
        sum.events += outcome.published.length;
        for (const what of ['kills', 'stops', 'lost', 'takeovers'] as const) sum[what] += outcome[what];
      }
    } finally {
      timers.reset();
    }
    // It would prove nothing if little happened.
    for (const [what, count] of Object.entries(sum)) assert.ok(count > SEEDS, `${count} ${what}`);
  });

  for (const flaw of ['noFencing', 'dirtyReads'] as const)
    it(`brokers with ${flaw} are noticed`, async () => {
      const timers = mock.timers;
      timers.enable({ apis: ['setTimeout'] });
      let noticed = 0;
      try {
        for (let seed = 1; seed <= 60 && noticed === 0; seed++)
          await simulate(seed, (ms) => timers.tick(ms), { [flaw]: true })
            .then(check)
            .catch(() => noticed++);
      } finally {
        timers.reset();
      }
      assert.ok(noticed > 0);
    });
});
