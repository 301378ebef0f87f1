import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkNodeName } from '../policy/index.ts';
import { clientName, serverName, slug } from './index.ts';

const slugs = {
  alpha: 'alpha',
  'Jörg’s Laptop': 'jorg-s-laptop',
  'db-1.office': 'db-1.office',
  '  spaces  around  ': 'spaces-around',
  Straße: 'strasse',
  'a..b': 'a.b',
  '...': undefined,
  '._-x-_.': 'x',
  snapshots: 'snapshots-1',
  書籍: undefined,
  '': undefined,
} as const;

for (const [text, name] of Object.entries(slugs)) {
  test(`the slug of ${JSON.stringify(text)} is ${name ?? 'none'}`, () => {
    if (name === undefined) return assert.throws(() => slug(text), { code: 'name_invalid', hint: /--name/ });
    assert.equal(slug(text), name);
    checkNodeName(slug(text));
  });
}

test('a slug is never longer than a name may be', () => {
  checkNodeName(slug('long '.repeat(50)));
  checkNodeName(slug(`${'a'.repeat(62)}.b`));
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
