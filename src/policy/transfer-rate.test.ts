import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHoldfastError } from '../base/index.ts';
import { parseTransferRate, rateAt } from './transfer-rate.ts';

const at = (time: string): number => Date.parse(`2026-07-01T${time}:00Z`);
const kibAt = (text: string, time: string, zone = 'UTC'): number | undefined => {
  const bytes = rateAt(parseTransferRate(text), at(time), zone);
  return bytes === undefined ? undefined : bytes / 1024;
};

test('a rate holds always, or at its hours, on the clocks of a zone', () => {
  assert.equal(kibAt('500', '03:00'), 500);
  const byHour = '2000,08:00-18:00=500, 22:00-05:00=off';
  const seen = ['07:59', '08:00', '17:59', '18:00', '22:00', '04:59', '05:00'].map((time) =>
    kibAt(byHour, time),
  );
  assert.deepEqual(seen, [2000, 500, 500, 2000, undefined, undefined, 2000]);
  assert.equal(kibAt('08:00-18:00=500', '19:00'), undefined, 'nothing is said of these hours');
  assert.equal(kibAt('08:00-18:00=500', '06:00', 'Europe/Berlin'), 500);
  assert.equal(kibAt('08:00-09:00=1,08:00-18:00=500', '08:30'), 1, 'the first counts');
});

test('what is no rate is refused', () => {
  const wrong = [
    '',
    '0',
    '1.5',
    '-1',
    '1,2',
    '500,',
    '8-18=500',
    '08:00-08:00=1',
    '08:00-18:00=',
    '08:00-18:00=1=2',
    '25:00-26:00=1',
    '1e9',
  ];
  for (const text of wrong)
    assert.throws(
      () => parseTransferRate(text),
      (error) => isHoldfastError(error, 'usage'),
      text,
    );
});
