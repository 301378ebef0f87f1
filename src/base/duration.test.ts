import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayMs, hourMs, minuteMs } from './clock.ts';
import { describeDuration, formatDuration, parseDuration } from './duration.ts';

test('a duration is a number and a unit, by letter or by word', () => {
  const expected: readonly (readonly [string, number])[] = [
    ['30s', 30_000],
    ['90m', 90 * minuteMs],
    ['12h', 12 * hourMs],
    ['30d', 30 * dayMs],
    ['2w', 14 * dayMs],
    ['30 days', 30 * dayMs],
    ['1 hour', hourMs],
    ['0d', 0],
  ];
  for (const [text, ms] of expected) assert.equal(parseDuration(text), ms, text);
});

test('anything else is no duration', () => {
  for (const text of ['', '30', 'd', '1.5h', '-1d', '1y', '30  d', '1000000d', '1d12h', '30D', ' 30d'])
    assert.equal(parseDuration(text), undefined, text);
});

test('what is shown of a duration can be typed, and says its unit', () => {
  for (const ms of [1000, 90 * minuteMs, 36 * hourMs, 14 * dayMs, 825 * dayMs]) {
    assert.equal(parseDuration(formatDuration(ms)), ms);
    assert.equal(parseDuration(describeDuration(ms)), ms);
  }
  assert.equal(describeDuration(dayMs), '1 day');
  assert.equal(describeDuration(1500), '1500 ms');
  assert.equal(formatDuration(0), '0');
});
