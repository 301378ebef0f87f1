import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isHoldfastError } from '../../base/index.ts';
import { parseKeepRule } from './keep-rule.ts';

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
