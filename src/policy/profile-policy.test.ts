import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayMs, isHoldfastError } from '../base/index.ts';
import { defaultClientPolicy, parseClientPolicy } from './client-policy.ts';
import { defaultNetworkPolicy, parseNetworkPolicy } from './network-policy.ts';

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
