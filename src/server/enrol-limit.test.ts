import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManualClock } from '../base/index.ts';
import { EnrolLimit } from './enrol-limit.ts';

const clock = new ManualClock(new Date('2026-11-21T08:00:00.000Z'));

test('who is refused ten times in a minute waits for the next', () => {
  const limit = refuse(['192.0.2.1'], 10);
  assert.throws(() => limit.check('192.0.2.1'), { code: 'rate_limited' });
  limit.check('192.0.2.2');
});

test('an address of IPv6 counts with all that its owner has beside it', () => {
  const limit = refuse(['2001:db8:0:1::7', '2001:db8:0:1:ffff::', '2001:0db8:0:1:1:2:3:4'], 4);
  assert.throws(() => limit.check('2001:db8:0:1::9'), { code: 'rate_limited' });
  limit.check('2001:db8:0:2::7');
});

test('many who are refused keep nobody else out', () => {
  const limit = refuse(
    Array.from({ length: 100 }, (_, index) => `192.0.2.${index}`),
    2,
  );
  assert.throws(() => limit.check('192.0.2.1'), { code: 'rate_limited' });
  limit.check('198.51.100.1');
});

/** A limit that has refused each of these so many times. */
function refuse(addresses: readonly string[], times: number): EnrolLimit {
  const limit = new EnrolLimit(clock);
  for (let round = 0; round < times; round++) for (const address of addresses) limit.refused(address);
  return limit;
}
