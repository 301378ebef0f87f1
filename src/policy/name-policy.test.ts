import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkNamePolicy, checkNames, type NamePolicy } from './name-policy.ts';
import { parseRequestedNames } from './requested-names.ts';

const policy: NamePolicy = {
  dnsSuffixes: ['example.com', 'b.corp'],
  addressRanges: ['10.0.0.0/8', '2001:db8::/32', '192.0.2.7', '198.51.100.*'],
};
const check = (text: string, by: NamePolicy = policy) => checkNames(by, parseRequestedNames([text]).names);

for (const text of [
  'example.com',
  'a.example.com',
  'a.b.corp',
  '*.example.com',
  '*.a.b.corp',
  '10.255.0.1',
  '2001:db8:1::1',
  '192.0.2.7',
  '10.1.1.*',
  '198.51.100.9',
  '198.51.100.*',
]) {
  test(`${text} is permitted`, () => check(text));
}

for (const text of [
  'com',
  'badexample.com',
  'example.com.de',
  'corp',
  '*.corp.example',
  'localhost',
  '11.0.0.1',
  '2001:db9::1',
  '192.0.2.8',
  '192.0.2.*',
  '198.51.101.*',
]) {
  test(`${text} is not permitted`, () =>
    assert.throws(() => check(text), {
      code: 'name_not_permitted',
      message: /is not permitted: expected (names|addresses)/,
    }));
}

test('an empty list permits every name of its kind', () => {
  check('anything.at.all,203.0.113.9', { dnsSuffixes: [], addressRanges: [] });
  assert.throws(() => check('other.org', { ...policy, addressRanges: [] }), { code: 'name_not_permitted' });
  check('other.org', { ...policy, dnsSuffixes: [] });
});

test('a wildcard is refused when only some of what it stands for is permitted', () => {
  assert.throws(() => check('*.example.com', { ...policy, dnsSuffixes: ['a.example.com'] }), {
    code: 'name_not_permitted',
    message: /dns \*\.example\.com is not permitted: expected names below a\.example\.com/,
  });
});

test('a policy that cannot be understood is refused by its entry', () => {
  const wrong: readonly (readonly [Partial<NamePolicy>, RegExp])[] = [
    [{ dnsSuffixes: ['*.example.com'] }, /suffix "\*\.example\.com"/],
    [{ dnsSuffixes: ['Example.com'] }, /suffix "Example\.com"/],
    [{ addressRanges: ['10.0.0.0/33'] }, /range "10\.0\.0\.0\/33"/],
    [{ addressRanges: ['ten'] }, /range "ten"/],
  ];
  for (const [part, message] of wrong)
    assert.throws(() => checkNamePolicy({ ...policy, ...part }), { code: 'settings_invalid', message });
  checkNamePolicy(policy);
});
