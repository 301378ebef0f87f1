import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTime } from './clock.ts';

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
