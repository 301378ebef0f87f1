import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dayMs, HoldfastError } from '../base/index.ts';
import { defaultNetworkPolicy, parseNetworkPolicy } from './network-policy.ts';
import { changePolicy, policyDifferences, policyEntries, weakerPolicyKeys } from './policy-keys.ts';

const changed = (key: string, text: string) => changePolicy(defaultNetworkPolicy, [{ key, after: text }]);
const textOf = (key: string, policy = defaultNetworkPolicy) =>
  policyEntries(policy).find((entry) => entry.key === key)?.text;

test('a key is changed by what is typed, and nothing else is', () => {
  const policy = changed('profiles.server.dnsSuffixes', 'example.com, corp.example');
  assert.deepEqual(policy.profiles.server.dnsSuffixes, ['example.com', 'corp.example']);
  assert.deepEqual(policyDifferences(defaultNetworkPolicy, policy), [
    { key: 'profiles.server.dnsSuffixes', before: 'any', after: 'example.com,corp.example' },
  ]);
});

test('a key may be typed with hyphens', () => {
  assert.equal(changed('data-channel', 'plain').dataChannel, 'plain');
  assert.equal(changed('profiles.server.lifetime-ms', '30d').profiles.server.lifetimeMs, 30 * dayMs);
  assert.equal(
    textOf('listeners.my-door.clientCertificate', changed('listeners.my-door.client-certificate', 'warn')),
    'warn',
  );
});

test('what is shown can be typed', () => {
  for (const { key, text, value } of policyEntries(defaultNetworkPolicy)) {
    const again = policyEntries(changed(key, text)).find((entry) => entry.key === key);
    assert.deepEqual(again?.value, value, key);
  }
});

test('a time is typed as a duration or in milliseconds', () => {
  assert.equal(changed('requestLifetimeMs', '2w').requestLifetimeMs, 14 * dayMs);
  assert.equal(changed('requestLifetimeMs', '86400000').requestLifetimeMs, dayMs);
  assert.equal(textOf('profiles.client.lifetimeMs'), '30d');
});

test('a time out of its bounds is told with its unit, and so are the bounds', () => {
  const message = (key: string, text: string) => () => changed(key, text);
  assert.throws(message('profiles.server.lifetimeMs', '1000d'), {
    message: /profiles\.server\.lifetimeMs: found 1000 days, expected at most 825 days/,
  });
  assert.throws(message('requestLifetimeMs', '30s'), {
    message: /found 30 seconds, expected at least 1 minute/,
  });
  assert.throws(message('requestLifetimeMs', 'soon'), {
    message: /found "soon", expected a number and s, m, h, d or w/,
    hint: /docs\/reference\/policy\.md/,
  });
});

test('a key that does not exist is refused with those that look like it', () => {
  for (const [typed, meant] of [
    ['quue', 'queue'],
    ['lifetimeMs', 'profiles.client.lifetimeMs'],
    ['profiles.sever.approval', 'profiles.server.approval'],
    ['lifetime', 'docs/reference/policy.md'],
    ['__proto__', 'queue'],
  ] as const) {
    assert.throws(
      () => changed(typed, 'x'),
      (error) =>
        error instanceof HoldfastError && error.code === 'settings_invalid' && !!error.hint?.includes(meant),
      typed,
    );
  }
});

test('a value that does not fit is refused by its key', () => {
  for (const [key, text] of [
    ['queue', 'maybe'],
    ['requestLifetimeMs', 'soon'],
    ['requestLifetimeMs', '5000w'],
    ['profiles.server.keyAlgorithms', 'rsa1024'],
    ['profiles.server.addressRanges', '10.0.0.0/33'],
    ['profiles.client.extendedKeyUsage', 'serverAuth'],
  ] as const) {
    assert.throws(() => changed(key, text), { code: 'settings_invalid' }, key);
  }
});

test('what gives up something is named, what is stricter is not', () => {
  assert.deepEqual(weakerPolicyKeys(defaultNetworkPolicy), []);
  assert.deepEqual(weakerPolicyKeys(changed('queue', 'on')), ['queue']);
  assert.deepEqual(weakerPolicyKeys(changed('profiles.server.lifetimeMs', '365d')), [
    'profiles.server.lifetimeMs',
  ]);
  assert.deepEqual(weakerPolicyKeys(changed('profiles.client.nameKinds', 'dns')), [
    'profiles.client.nameKinds',
  ]);
  assert.deepEqual(weakerPolicyKeys(changed('profiles.server.lifetimeMs', '7d')), []);
  assert.deepEqual(weakerPolicyKeys(changed('profiles.server.approval', 'by-hand')), []);
});

test('a policy of before, without the switches that came later, has them off', () => {
  const profiles = Object.entries(defaultNetworkPolicy.profiles).map(([role, profile]) => {
    const { underscores: _underscores, sha1Proof: _sha1Proof, ...before } = profile;
    return [role, before] as const;
  });
  const before = { ...defaultNetworkPolicy, profiles: Object.fromEntries(profiles) };
  assert.deepEqual(parseNetworkPolicy(before), defaultNetworkPolicy);
});

test('a switch that lets more in is weaker when it is on', () => {
  for (const key of ['profiles.server.underscores', 'profiles.client.sha1Proof']) {
    assert.deepEqual(weakerPolicyKeys(changed(key, 'on')), [key]);
    assert.throws(() => changed(key, 'yes'), { code: 'settings_invalid' }, key);
  }
});
