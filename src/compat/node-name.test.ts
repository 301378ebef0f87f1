import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clientName, serverName } from './index.ts';

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
