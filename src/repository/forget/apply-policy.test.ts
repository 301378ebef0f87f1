import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { applyPolicy, type Judged } from './apply-policy.ts';
import { resticPolicies, resticSnapshots } from './restic-policies.fixture.ts';

const nowMs = Date.parse('2026-01-01T00:00:00Z');
const at = (time: string, more: Partial<Judged> = {}): Judged => ({
  timeNs: BigInt(Date.parse(time)) * 1_000_000n,
  zoneMinutes: 0,
  ...more,
});

/** `0-2 5` as numbers. */
function placesIn(text: string): number[] {
  return text.split(' ').flatMap((run) => {
    const [first = 0, last = first] = run.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, more) => first + more);
  });
}

describe('a policy', () => {
  it('keeps what restic keeps, and for the same reasons', () => {
    const snapshots = resticSnapshots.flatMap(([tags, times]) =>
      times.split(' ').map((time) =>
        at(
          time.includes('T')
            ? `${time}Z`
            : `${time.replace(/\.\d$/, '')}T10:20:30${time.match(/\.\d$/)?.[0] ?? ''}Z`,
          {
            tags: tags === '' ? [] : tags.split(','),
          },
        ),
      ),
    );
    assert.equal(snapshots.length, 103);
    for (const [policy, kept] of resticPolicies) {
      const { keep, remove } = applyPolicy(snapshots, policy, nowMs);
      const newestFirst = [...keep.map(({ snapshot }) => snapshot), ...remove].toSorted(
        (a, b) => Number(b.timeNs - a.timeNs) || snapshots.indexOf(a) - snapshots.indexOf(b),
      );
      assert.equal(newestFirst.length, snapshots.length);
      const found = Object.groupBy(
        keep.flatMap(({ snapshot, reasons }) => reasons.map((reason) => ({ snapshot, reason }))),
        ({ reason }) => reason,
      );
      const places = Object.entries(found).map(([reason, all = []]) => [
        reason,
        all.map(({ snapshot }) => newestFirst.indexOf(snapshot)),
      ]);
      const wanted = Object.entries(kept).map(([reason, text]) => [reason, placesIn(text)]);
      assert.deepEqual(Object.fromEntries(places), Object.fromEntries(wanted), JSON.stringify(policy));
    }
  });

  it('puts a snapshot into the day that the clock beside it showed', () => {
    const early = at('2024-05-01T23:30:00Z', { zoneMinutes: 120 });
    const late = at('2024-05-02T20:00:00Z', { zoneMinutes: 120 });
    const before = at('2024-05-01T10:00:00Z', { zoneMinutes: 0 });
    const { keep, remove } = applyPolicy([before, early, late], { daily: 9 }, nowMs);
    assert.deepEqual([keep.map(({ snapshot }) => snapshot), remove], [[late, before], [early]]);
  });

  it('counts the days that a month lacks into the next one, and weeks from Monday to Sunday over a new year', () => {
    const newest = at('2023-03-31T12:00:00Z');
    const march3 = at('2023-03-03T12:00:00.001Z');
    const march2 = at('2023-03-02T12:00:00Z');
    const judged = applyPolicy([march2, march3, newest], { within: span({ months: 1 }) }, nowMs);
    assert.deepEqual(judged.remove, [march2]);
    const week = ['2024-12-30', '2025-01-01', '2025-01-05', '2025-01-06'].map((day) =>
      at(`${day}T00:00:00Z`),
    );
    const kept = applyPolicy(week, { weekly: 2 }, nowMs).keep.map(({ snapshot }) => week.indexOf(snapshot));
    assert.deepEqual(kept, [3, 2]);
  });

  it('counts spans from the newest that is not from the future, and keeps all where there is none', () => {
    const future = at('2030-01-01T00:00:00Z');
    const old = at('2020-01-01T00:00:00Z');
    const older = at('2019-01-01T00:00:00Z');
    const policy = { within: span({ days: 1 }) };
    assert.deepEqual(applyPolicy([older, old, future], policy, nowMs).remove, [older]);
    assert.deepEqual(applyPolicy([future], policy, nowMs).remove, []);
    assert.deepEqual(applyPolicy([], policy, nowMs), { keep: [], remove: [] });
  });

  it('means by an empty tag those that have none', () => {
    const [bare, tagged] = [at('2024-01-01T00:00:00Z'), at('2024-01-02T00:00:00Z', { tags: ['a'] })];
    assert.deepEqual(applyPolicy([bare, tagged], { tags: [['']] }, nowMs).remove, [tagged]);
  });
});

function span(part: { readonly months?: number; readonly days?: number }) {
  return { years: 0, months: 0, days: 0, hours: 0, ...part };
}
