import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { dayMs, isHoldfastError } from '../base/index.ts';
import { defaultClientPolicy, parseClientPolicy } from './client-policy.ts';
import { defaultNetworkPolicy, parseNetworkPolicy } from './network-policy.ts';
import { needsRenewal, renewalTime } from './profile-policy.ts';

const { profiles } = defaultNetworkPolicy;

const refused = (change: object) =>
  assert.throws(
    () =>
      parseNetworkPolicy({
        ...defaultNetworkPolicy,
        profiles: { ...profiles, client: { ...profiles.client, ...change } },
      }),
    (error) => isHoldfastError(error, 'settings_invalid'),
  );

test('machines get 90 days for both sides of a connection, callers 30 days for the calling side', () => {
  const rows = Object.entries(profiles).map(([role, profile]) => [
    role,
    profile.lifetimeMs / dayMs,
    profile.extendedKeyUsage.join(' '),
    profile.nameKinds.join(' '),
  ]);
  assert.deepEqual(rows, [
    ['server', 90, 'serverAuth clientAuth', 'dns ip'],
    ['storage', 90, 'serverAuth clientAuth', 'dns ip'],
    ['client', 30, 'clientAuth', ''],
    ['admin', 30, 'clientAuth', ''],
  ]);
});

test('every default passes its own schema', () => {
  assert.deepEqual(parseNetworkPolicy(defaultNetworkPolicy), defaultNetworkPolicy);
  assert.deepEqual(parseClientPolicy(defaultClientPolicy), defaultClientPolicy);
});

test('a profile with an unknown usage, an endless lifetime or no key algorithm is refused', () => {
  refused({ extendedKeyUsage: ['codeSigning'] });
  refused({ lifetimeMs: 9999 * dayMs });
  refused({ keyAlgorithms: [] });
  refused({ extendedKeyUsage: ['serverAuth'] });
  refused({ dnsSuffixes: ['not a domain'] });
  refused({ addressRanges: ['10.0.0.0/33'] });
  refused({ anything: 'else' });
});

test('a client policy that names an unknown group is refused', () => {
  assert.throws(
    () => parseClientPolicy({ ...defaultClientPolicy, groups: ['ffdhe2048'] }),
    (error) => isHoldfastError(error, 'settings_invalid'),
  );
});

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
