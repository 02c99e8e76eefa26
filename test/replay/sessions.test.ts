import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ReplayedSessions } from '../../src/replay/sessions.js';
import { marbles } from '../infer/temporal-marbles.js';

function observed(...parts: readonly ReturnType<typeof marbles>[]): ReplayedSessions {
  const sessions = new ReplayedSessions();
  for (const record of parts.flat()) sessions.observe(record);
  return sessions;
}

describe('sessions of a replay', () => {
  it('count from end to end where both were in the range', () => {
    const sessions = observed(marbles('(---|'));
    assert.deepEqual(sessions.windowOf('tv', 's1'), { startMs: 0, endMs: Number.POSITIVE_INFINITY });
    assert.deepEqual(sessions.closings(), []);
  });

  it('count from the first frame to the last where the range cut them, and are closed', () => {
    const sessions = observed(marbles('---', { startMs: 4000, startSeq: 20 }));
    assert.deepEqual(sessions.windowOf('tv', 's1'), { startMs: 4000, endMs: 4400 });
    const [closing, ...others] = sessions.closings();
    assert.equal(others.length, 0);
    assert.equal(closing?.kind, 'session-closed');
    assert.deepEqual([closing?.session, closing?.ptsUs, closing?.reason], ['s1', 4_400_000, 'stopped']);
  });

  it('are over when another follows, although nobody said so', () => {
    const sessions = observed(marbles('(--'), marbles('(--', { session: 's2' }));
    assert.equal(sessions.windowOf('tv', 's1')?.endMs, Number.POSITIVE_INFINITY);
    assert.equal(sessions.windowOf('tv', 's2')?.endMs, 200);
    assert.deepEqual(
      sessions.closings().map(({ session }) => session),
      ['s2'],
    );
  });

  it('of which no frame was there do not count', () => {
    const sessions = observed(marbles('|', { session: 's0' }), marbles('(-', { streamId: 'news' }));
    assert.equal(sessions.windowOf('tv', 's0'), undefined);
    assert.equal(sessions.windowOf('tv', 'other'), undefined);
    assert.deepEqual(sessions.streams, ['tv', 'news']);
  });
});
