import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { dayMs, hourMs, minuteMs } from '../../base/index.ts';
import type { SetAttempt } from '../sets/set-attempts.ts';
import { type Drill, keepDrill, readDrills } from './drill-record.ts';
import { drillDueMs, drillFinding, drillState, unprovenSinceMs } from './drill-standing.ts';

const start = Date.parse('2027-03-01T00:00:00Z');
const iso = (ms: number): string => new Date(start + ms).toISOString();
const set = { id: 'documents-abc234', added: iso(0) };

const ran = (ms: number, result: 'ok' | 'failed'): SetAttempt => ({
  begun: iso(ms),
  outcome: { ended: iso(ms + minuteMs), result },
});
const problem = { kind: 'damaged' as const, path: '/a', message: 'pack x: it is damaged', blob: 'b' };
const held = (ms: number, result: Drill['result'], more: Partial<Drill> = {}): Drill => ({
  begun: iso(ms),
  ended: iso(ms),
  result,
  seed: 1,
  most: 1000,
  files: 1,
  compared: 0,
  bytes: 10,
  wrong: 0,
  problems: [],
  ...more,
});

/** How long after the start a drill is due. */
function dueAfter(
  attempts: readonly SetAttempt[],
  last?: Drill,
  nowMs = 0,
  machine = 'here',
): number | undefined {
  const dueMs = drillDueMs(set, attempts, last && { last }, { nowMs: start + nowMs, machine });
  return dueMs === undefined ? undefined : dueMs - start;
}

describe('when a set is drilled', () => {
  it('is within a day of its first backup, at another moment on each machine', () => {
    assert.equal(dueAfter([]), undefined);
    assert.equal(dueAfter([ran(0, 'failed')]), undefined);
    const moments = ['a', 'b', 'c'].map(
      (machine) => dueAfter([ran(hourMs, 'ok')], undefined, 0, machine) ?? 0,
    );
    assert.equal(new Set(moments).size, 3);
    for (const moment of moments) assert.ok(moment >= 0 && moment < dayMs);
  });

  it('is within a day of its first backup too where it runs so often that this is not known any more', () => {
    const often = Array.from({ length: 40 }, (_, n) => ran(30 * dayMs + n * minuteMs, 'ok'));
    assert.ok((dueAfter(often) ?? Number.NaN) < dayMs);
  });

  it('is a week after it was proven, a day after something was found, an hour after it could not be', () => {
    const all = [ran(0, 'ok')];
    assert.equal(dueAfter(all, held(hourMs, 'proven')), hourMs + 7 * dayMs);
    assert.equal(dueAfter(all, held(hourMs, 'empty')), hourMs + 7 * dayMs);
    assert.equal(dueAfter(all, held(hourMs, 'damaged')), hourMs + dayMs);
    assert.equal(dueAfter(all, held(hourMs, 'failed')), 2 * hourMs);
    assert.equal(dueAfter(all, held(400 * dayMs, 'proven'), dayMs), 8 * dayMs, 'a clock that was wrong');
  });
});

describe('a set that nothing has proven', () => {
  const ranDaily = Array.from({ length: 40 }, (_, n) => ran(n * dayMs, 'ok'));
  const daysUnproven = (
    day: number,
    record: Parameters<typeof unprovenSinceMs>[2],
    attempts: readonly SetAttempt[] = ranDaily,
  ): number | undefined => {
    const nowMs = start + day * dayMs;
    const sinceMs = unprovenSinceMs(set, attempts, record, nowMs);
    return sinceMs && (nowMs - sinceMs) / dayMs;
  };

  it('wants attention after three weeks, be it that no drill was held or that none could be', () => {
    assert.equal(daysUnproven(21, undefined), undefined);
    assert.equal(daysUnproven(22, undefined), 22);
    assert.equal(daysUnproven(90, undefined, []), undefined, 'there is nothing to be proven');
    const failed = held(30 * dayMs, 'failed', { code: 'x', message: 'nobody answers' });
    assert.equal(daysUnproven(30, { last: failed }), 30);
    assert.equal(daysUnproven(30, { last: failed, proven: held(10 * dayMs, 'proven') }), undefined);
    assert.equal(daysUnproven(32, { last: failed, proven: held(10 * dayMs, 'proven') }), 22);
  });

  it('wants none while it has nothing in it, nor for a clock that was ahead', () => {
    assert.equal(daysUnproven(60, { last: held(55 * dayMs, 'empty') }), undefined);
    assert.equal(daysUnproven(60, { last: held(20 * dayMs, 'empty') }), 40);
    const future = held(400 * dayMs, 'proven');
    assert.equal(daysUnproven(60, { last: future, proven: future }), undefined);
  });
});

describe('what is known of the drills of a set', () => {
  it('is that it is damaged until a drill has restored it, whatever could not be held since', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'holdfast-drills-'));
    const state = async (): Promise<unknown[]> => {
      const record = await readDrills(directory, set);
      return record === undefined
        ? []
        : [drillState(record), record.proven?.ended, drillFinding(record.last)];
    };
    try {
      assert.deepEqual(await state(), []);
      await keepDrill(directory, set, held(0, 'proven'));
      assert.deepEqual(await state(), ['proven', iso(0), undefined]);
      await keepDrill(directory, set, held(dayMs, 'damaged', { wrong: 3, problems: [problem] }));
      const found = '3 problems, the first: /a: pack x: it is damaged';
      assert.deepEqual(await state(), ['damaged', iso(0), found]);
      await keepDrill(directory, set, held(2 * dayMs, 'failed', { code: 'x', message: 'nobody answers' }));
      assert.deepEqual(await state(), ['damaged', iso(0), found]);
      await keepDrill(directory, set, held(3 * dayMs, 'proven'));
      assert.deepEqual(await state(), ['proven', iso(3 * dayMs), undefined]);
      await keepDrill(directory, set, held(4 * dayMs, 'failed', { code: 'x', message: 'nobody answers' }));
      assert.deepEqual(await state(), ['failed', iso(3 * dayMs), 'nobody answers [x]']);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
