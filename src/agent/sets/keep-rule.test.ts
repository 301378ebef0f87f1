import assert from 'node:assert/strict';
import { it } from 'node:test';
import { dayMs, hourMs, isHoldfastError } from '../../base/index.ts';
import { owesPrune, parseKeepRule } from './keep-rule.ts';

it('a rule says how many stay of what, and refuses by name what says nothing', () => {
  assert.deepEqual(parseKeepRule('daily=14, weekly=8,within=1y2m'), {
    daily: 14,
    weekly: 8,
    within: { years: 1, months: 2, days: 0, hours: 0 },
  });
  for (const text of [
    '',
    'daily',
    'daily=0',
    'daily=-1',
    'often=3',
    'daily=1,daily=2',
    'within=x',
    'daily=1,',
  ])
    assert.throws(
      () => parseKeepRule(text),
      (error) => isHoldfastError(error, 'usage') && error.message.includes(JSON.stringify(text)),
      text,
    );
});

it('space is freed when something went, once a day at most', () => {
  const start = Date.parse('2027-03-01T00:00:00Z');
  const attempt = (hour: number, forgot: { readonly removed: number; readonly freed?: number }) => {
    const time = new Date(start + hour * hourMs).toISOString();
    return { begun: time, outcome: { ended: time, result: 'ok' as const, forgot } };
  };
  assert.equal(owesPrune([], 0, start), false);
  assert.equal(owesPrune([], 1, start), true);
  const pruned = [attempt(0, { removed: 3, freed: 100 })];
  assert.equal(owesPrune(pruned, 1, start + hourMs), false);
  assert.equal(owesPrune(pruned, 1, start + dayMs), true);
  assert.equal(owesPrune(pruned, 0, start + dayMs), false);
  assert.equal(owesPrune([...pruned, attempt(6, { removed: 1 })], 0, start + dayMs), true);
});
