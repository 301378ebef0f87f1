import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { dayMs } from '../base/index.ts';
import { needsRenewal, renewalTime } from './renewal.ts';

const notBefore = new Date('2030-01-01T00:00:00Z');
const notAfter = new Date(notBefore.getTime() + 30 * dayMs);
const daysUntil = (serial: string): number =>
  (renewalTime({ notBefore, notAfter, serial }).getTime() - notBefore.getTime()) / dayMs;

test('a certificate of 30 days is renewed after 20, give or take a day and a half by its serial number', () => {
  assert.equal(daysUntil('5c00000080000000'), 20);
  assert.equal(Math.round(daysUntil('5c00000000000000') * 1000), 18_500);
  assert.equal(Math.round(daysUntil('5c000000ffffffff') * 1000), 21_500);
  assert.equal(Math.round(daysUntil('05') * 1000), 18_500);
});

test('it is due from that moment on', () => {
  const certificate = { notBefore, notAfter, serial: '5c00000080000000' };
  const due = notBefore.getTime() + 20 * dayMs;
  assert.equal(needsRenewal(certificate, due - 1), false);
  assert.equal(needsRenewal(certificate, due), true);
});

test('a thousand machines that joined in one moment come back over three days, about as many each day', () => {
  const serials = Array.from({ length: 1000 }, () => randomBytes(16).toString('hex'));
  for (const from of [18.5, 19.5, 20.5]) {
    const count = serials.map(daysUntil).filter((days) => days >= from && days < from + 1).length;
    assert.ok(count > 250 && count < 420, `${count} from day ${from}`);
  }
});
