import assert from 'node:assert/strict';
import { test } from 'node:test';
import { identityUri, networkUri, parseIdentityUri, parseNetworkUri, roles } from '../index.ts';

test('an identity comes back from its uri, for every role', () => {
  for (const role of roles) {
    const identity = { network: 'backup.myhost', role, name: 'alpha_1.x' };
    assert.equal(identityUri(identity), `spiffe://backup.myhost/${role}/alpha_1.x`);
    assert.deepEqual(parseIdentityUri(identityUri(identity)), identity);
  }
});

test('a network comes back from its uri', () => {
  assert.equal(parseNetworkUri(networkUri('backup.example')), 'backup.example');
});

const noIdentities = [
  '',
  'spiffe://backup.example',
  'spiffe://backup.example/',
  'spiffe://backup.example/client',
  'spiffe://backup.example/client/',
  'spiffe://backup.example/client/alpha/',
  'spiffe://backup.example/client/alpha/beta',
  'spiffe://backup.example/client/alpha/beta/gamma',
  'spiffe://backup.example//client/alpha',
  'spiffe:///client/alpha',
  'spiffe://backup.example/root/alpha',
  'spiffe://backup.example/client/..',
  'spiffe://backup.example/client/.alpha',
  'spiffe://backup.example/client/Alpha',
  'spiffe://backup.example/client/alpha?x',
  'spiffe://backup.example/client/al%70ha',
  'spiffe://backup.example:8443/client/alpha',
  'spiffe://user@backup.example/client/alpha',
  'SPIFFE://backup.example/client/alpha',
  'spiffe://Backup.example/client/alpha',
  'https://backup.example/client/alpha',
  `spiffe://backup.example/client/${'a'.repeat(64)}`,
  `spiffe://${'a'.repeat(256)}/client/alpha`,
  'spiffe://backup.example/client/alpha\n',
];

for (const uri of noIdentities) {
  test(`${JSON.stringify(uri).slice(0, 80)} is no identity`, () =>
    assert.equal(parseIdentityUri(uri), undefined));
}

test('a uri with a path, or none at all, is no network', () => {
  for (const uri of ['spiffe://', 'spiffe://a/', 'spiffe://a/client/b', 'a', 'spiffe://a\n']) {
    assert.equal(parseNetworkUri(uri), undefined, uri);
  }
});

test('an identity that has not its form is a TypeError', () => {
  assert.throws(() => identityUri({ network: 'a', role: 'client', name: '../b' }), TypeError);
  assert.throws(() => identityUri({ network: 'a/b', role: 'client', name: 'b' }), TypeError);
  assert.throws(() => networkUri(''), TypeError);
});
