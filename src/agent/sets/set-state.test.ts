import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dayMs, hourMs, minuteMs, processMark } from '../../base/index.ts';
import type { BackupSet } from './backup-set.ts';
import type { SetAttempt } from './set-attempts.ts';
import { stateOf } from './set-state.ts';

const start = Date.parse('2027-03-01T00:00:00Z');
const iso = (ms: number): string => new Date(start + ms).toISOString();

const set: BackupSet = {
  id: 'documents-abc234',
  name: 'documents',
  added: iso(0),
  paths: ['/data'],
  every: '6h',
  zone: 'UTC',
  spreadMs: 0,
  exclude: [],
  excludeFile: [],
  excludeCaches: true,
  tag: [],
  hookLimitMs: hourMs,
};

const ended = (begunMs: number, result: 'ok' | 'partial' | 'failed'): SetAttempt => ({
  begun: iso(begunMs),
  process: '1 2 3',
  outcome: { ended: iso(begunMs + minuteMs), result },
});
const killed = (begunMs: number): SetAttempt => ({ begun: iso(begunMs), process: '999999999 1 gone' });
const running = (begunMs: number, seenMs?: number): SetAttempt => ({
  begun: iso(begunMs),
  process: processMark(),
  ...(seenMs !== undefined && { seen: iso(seenMs) }),
});

/** `late since 6h, due 6h`, in times since the start. */
function standing(attempts: readonly SetAttempt[], nowMs: number, of: BackupSet = set): string {
  const now = start + nowMs;
  const { state, sinceMs, dueMs, isRunning } = stateOf(of, attempts, { nowMs: now, machine: 'here' });
  const text = (ms: number): string => `${(ms - start) / hourMs}`.slice(0, 6);
  return `${state} since ${text(sinceMs)}, due ${text(dueMs)}${isRunning ? ', running' : ''}`;
}

describe('a set', () => {
  it('is never before its first attempt, which is due when it was added', () => {
    assert.equal(standing([], hourMs), 'never since 0, due 0');
    assert.equal(standing([running(hourMs)], 2 * hourMs), 'never since 0, due 7, running');
  });

  it('is ok until its time has passed, late then, and missed once another has', () => {
    const attempts = [ended(hourMs, 'ok')];
    assert.match(standing(attempts, 2 * hourMs), /^ok since 1\.0166, due 7$/);
    assert.match(standing(attempts, 7 * hourMs + 10 * minuteMs), /^ok /);
    assert.equal(standing(attempts, 7 * hourMs + 16 * minuteMs), 'late since 7, due 7');
    assert.match(standing(attempts, 13 * hourMs), /^late /);
    assert.equal(standing(attempts, 14 * hourMs), 'missed since 7, due 7');
    assert.match(standing([...attempts, running(14 * hourMs)], 14 * hourMs), /^ok .*running$/);
  });

  it('keeps its schedule whatever is saved in between, which tells how it is all the same', () => {
    const live = (begunMs: number, result: 'ok' | 'failed'): SetAttempt => ({
      ...ended(begunMs, result),
      live: true,
    });
    assert.match(standing([ended(hourMs, 'ok'), live(5 * hourMs, 'ok')], 6 * hourMs), /^ok since .*, due 7$/);
    assert.match(
      standing([ended(hourMs, 'ok'), live(5 * hourMs, 'failed')], 6 * hourMs),
      /^failed .*, due 7$/,
    );
  });

  it('is failed or partial since the first attempt that ended so', () => {
    const failing = [ended(0, 'ok'), ended(6 * hourMs, 'failed'), ended(12 * hourMs, 'failed')];
    assert.equal(standing(failing, 13 * hourMs), 'failed since 6.0166, due 18');
    assert.equal(standing([ended(0, 'partial')], hourMs), 'partial since 0.0166, due 6');
    assert.match(standing([...failing, ended(13 * hourMs, 'ok')], 14 * hourMs), /^ok since 13/);
    assert.equal(standing(failing, 30 * hourMs), 'missed since 18, due 18');
  });

  it('is stuck when an attempt goes on and gets on no more', () => {
    const attempts = [ended(0, 'ok')];
    assert.match(standing([...attempts, running(6 * hourMs)], 6.5 * hourMs), /^ok .*running$/);
    assert.equal(standing([...attempts, running(6 * hourMs)], 8 * hourMs), 'stuck since 6, due 12, running');
    const seen = [...attempts, running(6 * hourMs, 30 * hourMs)];
    assert.match(standing(seen, 30.5 * hourMs), /^ok .*running$/);
  });

  it('that ended without a word has failed, and is due again soon, but once', () => {
    const once = [ended(0, 'ok'), killed(6 * hourMs)];
    assert.equal(standing(once, 6 * hourMs + minuteMs), 'failed since 6, due 6.1666');
    const stopped = {
      ...killed(6 * hourMs),
      outcome: { ended: iso(6 * hourMs), result: 'failed', code: 'interrupted' },
    } as const;
    assert.match(standing([ended(0, 'ok'), stopped], 6 * hourMs + minuteMs), /^failed since 6, due 6.1666$/);
    const twice = [...once, killed(6 * hourMs + 11 * minuteMs)];
    assert.match(standing(twice, 7 * hourMs), /^failed since 6, due 12.18/);
  });

  it('is due at once, when its attempts are from a clock that was far ahead, and goes by the right one then', () => {
    const ahead = [ended(3650 * dayMs, 'ok')];
    const daily = { ...set, every: 'daily 02:30' };
    for (const each of [set, daily]) {
      assert.match(standing(ahead, hourMs, each), /due 1$/);
      const added = { ...each, added: iso(3650 * dayMs), spreadMs: hourMs };
      assert.match(standing([], hourMs, added), /due 1$/);
    }
    assert.match(standing([...ahead, ended(hourMs, 'ok')], 2 * hourMs), /^ok since 1.*due 7$/);
    assert.match(standing([...ahead, ended(hourMs, 'ok')], 2 * hourMs, daily), /due 2\.5$/);
  });
});
