import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { dayMs, hourMs, minuteMs } from '../../base/index.ts';
import type { AgentReport, ReportedSet } from '../../enrol/index.ts';
import { judgeReport, type ReceivedReport } from './judge-report.ts';

const snapshot = 'a'.repeat(64);
const beganMs = 1000 * hourMs;

/** A set that ran at the hour 1000 for five minutes, and runs every six hours. */
const usual: ReportedSet = {
  id: 'documents-abc',
  name: 'documents',
  every: '6h',
  state: 'ok',
  sinceMs: beganMs + 5 * minuteMs,
  nextMs: beganMs + 6 * hourMs,
  afterMs: beganMs + 12 * hourMs,
  running: false,
  last: { begunMs: beganMs, endedMs: beganMs + 5 * minuteMs, result: 'ok' },
  success: { begunMs: beganMs, endedMs: beganMs + 5 * minuteMs, snapshot, bytes: 1000, added: 10 },
};

interface Told {
  readonly set?: Partial<ReportedSet>;
  /** After the run began. */
  readonly receivedAfterMs?: number;
  /** By how much the clock of the machine is ahead. */
  readonly aheadMs?: number;
  readonly agent?: boolean;
  readonly arrivedMs?: number | null;
}

function received({
  set,
  receivedAfterMs = hourMs,
  aheadMs = 0,
  agent = true,
  arrivedMs,
}: Told): ReceivedReport {
  const receivedMs = beganMs + receivedAfterMs;
  const sets = [{ ...usual, ...set }].map((each) => ahead(each, aheadMs));
  const report: AgentReport = {
    version: 1,
    sentMs: receivedMs + aheadMs,
    ...(agent && { everyMs: minuteMs }),
    sets,
    total: 1,
  };
  const atMs = arrivedMs === undefined ? beganMs + 4 * minuteMs : arrivedMs;
  return { report, receivedMs, arrivals: atMs === null ? {} : { [usual.id]: { snapshot, atMs } } };
}

function ahead(set: ReportedSet, byMs: number): ReportedSet {
  const moved = <T extends object>(value: T): T =>
    Object.fromEntries(
      Object.entries(value).map(([key, each]) => [
        key,
        typeof each === 'object' ? moved(each as object) : key.endsWith('Ms') ? Number(each) + byMs : each,
      ]),
    ) as T;
  return moved(set);
}

/** How it stands so long after the run began, when the machine was heard of last at `heardAfterMs`. */
function standing(told: Told, afterMs: number, heardAfterMs = Number.NEGATIVE_INFINITY): string {
  const judging = { nowMs: beganMs + afterMs, heardMs: beganMs + heardAfterMs };
  const [set] = judgeReport(received(told), judging).sets;
  assert.ok(set);
  return `${set.state} since ${(set.since.getTime() - beganMs) / hourMs}${set.why === undefined ? '' : `: ${set.why}`}`;
}

describe('a set that a machine tells of', () => {
  it('is as the machine says, when its snapshot came, whatever its clock says', () => {
    for (const aheadMs of [0, -400 * dayMs, 7 * hourMs])
      assert.match(standing({ aheadMs }, 2 * hourMs), /^ok since 0\.08/);
    const failed = {
      state: 'failed',
      last: { begunMs: beganMs, result: 'failed', code: 'x', message: 'why' },
    } as const;
    assert.match(standing({ set: failed }, 2 * hourMs), /^failed since 0\.08.*: why \[x\]$/);
  });

  it('has failed when it says ok and its snapshot is not here, is older than its run, or has no name', () => {
    assert.match(standing({ arrivedMs: null }, 2 * hourMs), /^failed .*its snapshot aaaaaaaa is not here$/);
    const early = standing({ arrivedMs: beganMs - 2 * hourMs }, 2 * hourMs);
    assert.match(early, /^failed .*snapshot aaaaaaaa came 1970-02-11T14:00:00.000Z, before that run$/);
    const { snapshot: _, ...nameless } = usual.success ?? assert.fail();
    assert.match(standing({ set: { success: nameless } }, 2 * hourMs), /^failed .*names no snapshot$/);
    assert.match(standing({ set: { elsewhere: true }, arrivedMs: null }, 2 * hourMs), /^ok /);
  });

  it('is late and missed by the schedule as long as the machine is heard of, and says why', () => {
    const told = { receivedAfterMs: 6.2 * hourMs };
    assert.match(standing(told, 6.2 * hourMs), /^ok /);
    assert.equal(standing(told, 6.3 * hourMs), 'late since 6: it has not begun');
    const waiting = { ...told, set: { waits: 'this machine runs on its battery' } };
    assert.equal(standing(waiting, 6.3 * hourMs), 'late since 6: this machine runs on its battery');
    assert.equal(standing(told, 12.3 * hourMs, 12.2 * hourMs), 'missed since 6: it has not begun');
    assert.match(standing({ ...told, set: { running: true } }, 6.3 * hourMs), /^ok /);
  });

  it('is silent when its time came and nothing was heard of the machine, and not before', () => {
    assert.match(standing({}, 6.2 * hourMs), /^ok /, 'who sleeps has no run to miss yet');
    assert.match(standing({}, 6.3 * hourMs), /^silent since 1: nothing was heard/);
    assert.match(standing({}, 6.3 * hourMs, 6.2 * hourMs), /^late /);
    assert.match(standing({ agent: false }, 5 * dayMs), /^silent since 1:/);
    const monthly = { nextMs: beganMs + 30 * dayMs, afterMs: beganMs + 60 * dayMs };
    assert.match(standing({ set: monthly }, 47 * hourMs), /^ok /);
    assert.match(standing({ set: monthly }, 50 * hourMs), /^silent since 1:/, 'its agent does not report');
    assert.match(standing({ set: monthly, agent: false }, 20 * dayMs), /^ok /, 'nobody said that it would');
  });

  it('was proven when it says, by the clock here, and never later than it said so', () => {
    const drill = { endedMs: beganMs, result: 'proven', provenMs: beganMs, files: 5, bytes: 10 } as const;
    const provenAfterMs = (told: Told): number => {
      const [set] = judgeReport(received(told), { nowMs: beganMs + dayMs, heardMs: beganMs }).sets;
      return (set?.drill?.proven?.getTime() ?? Number.NaN) - beganMs;
    };
    for (const aheadMs of [0, -400 * dayMs, 7 * hourMs])
      assert.equal(provenAfterMs({ set: { drill }, aheadMs }), 0);
    const future = { ...drill, provenMs: beganMs + 300 * dayMs };
    assert.equal(provenAfterMs({ set: { drill: future } }), hourMs);
    assert.ok(Number.isNaN(provenAfterMs({})));
    const unproven = { unprovenMs: beganMs - 22 * dayMs };
    for (const aheadMs of [0, -400 * dayMs, 7 * hourMs]) {
      const judging = { nowMs: beganMs + dayMs, heardMs: beganMs };
      const [set] = judgeReport(received({ set: unproven, aheadMs }), judging).sets;
      assert.equal(set?.unproven?.getTime(), unproven.unprovenMs);
    }
  });
});
