import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  dayMs,
  describeDuration,
  formatDuration,
  hourMs,
  minuteMs,
  parseDuration,
  parseTime,
} from './clock.ts';

test('a date, and a time with or without seconds and zone, is the moment that it says', () => {
  assert.equal(parseTime('2028-02-29')?.toISOString(), '2028-02-29T00:00:00.000Z');
  assert.equal(parseTime('2027-01-31T12:00:00Z')?.toISOString(), '2027-01-31T12:00:00.000Z');
  assert.equal(parseTime('2027-01-31T12:00+02:00')?.toISOString(), '2027-01-31T10:00:00.000Z');
  assert.equal(parseTime('2027-01-31 12:00:00.5Z')?.toISOString(), '2027-01-31T12:00:00.500Z');
  assert.equal(parseTime('2027-01-31T12:00')?.getTime(), new Date(2027, 0, 31, 12).getTime());
});

test('a date that no calendar has is no moment', () => {
  const dates = [
    '2027-02-29',
    '2027-02-30',
    '2027-04-31',
    '2100-02-29',
    '2027-13-01',
    '2027-00-10',
    '2027-01-00',
  ];
  const times = ['2027-01-01T24:00', '2027-01-01T12:60', '2027-01-01T12', '2027-02-29T12:00:00Z'];
  for (const text of [...dates, ...times, '', 'yesterday', '21 Nov 2026', '2026', '2026-11', '2027-02-28x'])
    assert.equal(parseTime(text), undefined, text);
});

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
