import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HandshakeBudget } from './handshake-budget.ts';

const here = '192.0.2.1';

test('so many handshakes a second are for one place, and again in the next second', () => {
  const budget = new HandshakeBudget({ maxFromPlace: 2, maxInAll: 9 });
  const waits = [0, 1, 2, 998].map((nowMs) => budget.spend(here, nowMs));
  assert.deepEqual(waits, [0, 0, 998, 2]);
  assert.equal(budget.spend('192.0.2.2', 999), 0);
  assert.equal(budget.spend(here, 1000), 0);
});

test('a handshake that proves an identity costs nothing', () => {
  const budget = new HandshakeBudget({ maxFromPlace: 1, maxInAll: 1 });
  for (let nowMs = 0; nowMs < 100; nowMs++) {
    assert.equal(budget.spend(here, nowMs), 0);
    budget.refund(here);
  }
});

test('a handshake that was dear takes from the seconds that follow', () => {
  const budget = new HandshakeBudget({ maxFromPlace: 2, maxInAll: 9 });
  assert.equal(budget.spend(here, 0), 0);
  budget.charge(here, 4);
  assert.deepEqual(
    [1, 1000, 1999, 2000].map((nowMs) => budget.spend(here, nowMs)),
    [999, 1000, 1, 0],
  );
});

test('a flood from everywhere keeps out those who were never here, and not those who were', () => {
  const budget = new HandshakeBudget({ maxFromPlace: 2, maxInAll: 3 });
  budget.spend(here, 0);
  budget.refund(here);
  for (let from = 0; from < 3; from++) assert.equal(budget.spend(`198.51.100.${from}`, 1), 0);
  assert.equal(budget.spend('198.51.100.9', 2), 998);
  assert.equal(budget.spend(here, 3), 0);
});
