import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientName, parseOid, type SubjectWords, serverName } from './index.ts';

const taken: readonly (readonly [string, SubjectWords])[] = [
  ['CN:alpha', { CN: 'alpha' }],
  [
    'C:DE,CN:a,DQ:b,GN:c,GQ:d,I:e,L:f,N:g,O:h,OU:i,P:j,PC:k,S:l,T:m',
    {
      C: 'DE',
      CN: 'a',
      dnQualifier: 'b',
      GN: 'c',
      generationQualifier: 'd',
      initials: 'e',
      L: 'f',
      name: 'g',
      O: 'h',
      OU: 'i',
      pseudonym: 'j',
      postalCode: 'k',
      SN: 'l',
      title: 'm',
    },
  ],
  ['O:Müller, Söhne & Co,L:Köln', { O: 'Müller, Söhne & Co', L: 'Köln' }],
  ['O:a,b,c', { O: 'a,b,c' }],
  ['O:a,,CN:b', { O: 'a,', CN: 'b' }],
  ['O:a, CN:b', { O: 'a, CN:b' }],
  ['O:a,cn:b', { O: 'a,cn:b' }],
  ['O:Acme:,OU:Vault', { O: 'Acme', OU: 'Vault' }],
  ['OU:Vault,O:Acme:', { OU: 'Vault', O: 'Acme' }],
  ['O:Acme::', { O: 'Acme:' }],
  ['O:Acme\\:', { O: 'Acme:' }],
  ['O:Acme\\::', { O: 'Acme:' }],
  ['CN:a:b', { CN: 'a:b' }],
  ['O:a\\,CN:b', { O: 'a,CN:b' }],
  ['O:a\\,XX:b', { O: 'a,XX:b' }],
  ['O:a\\\\,CN:b', { O: 'a\\', CN: 'b' }],
  ['O:\\a', { O: 'a' }],
  ['CN: a ', { CN: ' a ' }],
];

for (const [text, subject] of taken) {
  test(`--oid=${text} is read`, () => assert.deepEqual(parseOid(text), subject));
}

const refused: readonly (readonly [string, RegExp])[] = [
  ['', /found "nothing"/],
  ['alpha', /found "alpha" where a key/],
  ['X:alpha', /found "X"/],
  ['cn:alpha', /found "cn"/],
  ['CNX:alpha', /found "CNX"/],
  [',CN:alpha', /found ",CN:alpha"/],
  ['CN:a,CN:b', /CN is there twice/],
  ['CN:a,O:b,CN:c', /CN is there twice/],
  ['O:a,ST:b', /ST is not a key; write \\, for a comma/],
  ['CN:', /CN has no value/],
  ['CN::', /CN has no value/],
  ['CN: ', /CN has no value/],
  ['CN:,O:a', /CN has no value/],
  ['CN:a\\', /the value of CN ends in a single \\/],
  ['toString:a', /found "toString"/],
];

for (const [text, message] of refused) {
  test(`--oid=${text} is refused`, () => assert.throws(() => parseOid(text), { code: 'usage', message }));
}

test('each of the fourteen keys separates, and only with its colon', () => {
  for (const key of 'C CN DQ GN GQ I L N O OU P PC S T'.split(' ')) {
    const other = key === 'O' ? 'CN' : 'O';
    assert.equal(Object.keys(parseOid(`${other}:a,${key}:b`)).length, 2);
    assert.equal(Object.keys(parseOid(`${other}:a,${key}b`)).length, 1);
  }
});

test('a client is called as --name says, else by its common name, else client', () => {
  assert.equal(clientName({ CN: 'Alpha One' }, 'beta'), 'beta');
  assert.equal(clientName({ CN: 'Alpha One' }), 'alpha-one');
  assert.equal(clientName({ O: 'Acme' }), 'client');
});

test('a server is called by its first name, whatever form that has', () => {
  assert.equal(serverName('myserver,myserver.domain.com'), 'myserver');
  assert.equal(serverName('*.serverdomain.com'), 'serverdomain.com');
  assert.equal(serverName('192.168.1.*'), '192.168.1');
  assert.equal(serverName('10.0.0.5'), '10.0.0.5');
  assert.equal(serverName('fd00::5'), 'fd00-5');
  assert.equal(serverName('myserver', 'vault'), 'vault');
  assert.throws(() => serverName('*'), { code: 'name_invalid' });
});
