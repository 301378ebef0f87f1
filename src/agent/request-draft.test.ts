import assert from 'node:assert/strict';
import { it } from 'node:test';
import { formatGeneralName, formatName } from '../pki/index.ts';
import { parseDraft, parseKeyKind } from './request-draft.ts';

it('a common name that is a host name stands among the names, but for clients and people', () => {
  const server = parseDraft({ cn: 'vault.example' });
  assert.deepEqual(server.names.map(formatGeneralName), ['dns:vault.example']);
  assert.equal(server.friendlyName, 'vault.example');
  assert.deepEqual(parseDraft({ cn: 'vault.example', profile: 'client' }).names, []);
});

it('the first of the names is the common name where none is said', () => {
  const { subject, names } = parseDraft({ names: ['vault.example,192.0.2.7'], o: 'Example Ltd', c: 'DE' });
  assert.match(formatName(subject), /CN=vault\.example/);
  assert.deepEqual(names.map(formatGeneralName), ['dns:vault.example', 'ip:192.0.2.7']);
});

it('a key that is too small is weak, and a kind that there is not is wrong usage', () => {
  assert.equal(parseKeyKind(' RSA3072 '), 'rsa3072');
  assert.throws(() => parseKeyKind('rsa1024'), { code: 'key_weak' });
  assert.throws(() => parseKeyKind('dsa'), { code: 'usage' });
});

it('a friendly name is text on one line', () => {
  assert.equal(parseDraft({ cn: 'x.example', friendlyName: ' the vault ' }).friendlyName, 'the vault');
  for (const friendlyName of ['', 'a\nb', 'x'.repeat(65)])
    assert.throws(() => parseDraft({ cn: 'x.example', friendlyName }), { code: 'name_invalid' });
});
