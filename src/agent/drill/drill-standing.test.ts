import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { dayMs, hourMs, minuteMs } from '../../base/index.ts';
import type { SetAttempt } from '../sets/set-attempts.ts';
import { type Drill, keepDrill, readDrills } from './drill-record.ts';
import { drillDueMs, drillFinding, drillState } from './drill-standing.ts';

const start = Date.parse('2027-03-01T00:00:00Z');
const iso = (ms: number): string => new Date(start + ms).toISOString();
const set = { id: 'documents-abc234' };

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
    for (const moment of moments)
      assert.ok(moment >= hourMs + minuteMs && moment < hourMs + minuteMs + dayMs);
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
