import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { SampleHome } from '../authority.fixture.ts';
import { archiveAuthority } from './archive-authority.ts';

it('an authority is put aside with its settings, which stay until others replace them, and put back', async () => {
  await using home = await SampleHome.open();
  const at = (...names: string[]): string => join(home.path, ...names);
  mkdirSync(at('node'));
  writeFileSync(at('settings'), 'old');
  const order = {
    home: home.path,
    into: at('aside'),
    settings: at('settings'),
    beside: [at('node'), at('none')],
  };
  await assert.rejects(archiveAuthority(order), { code: 'home_in_use' });
  assert.ok(!existsSync(at('aside')));
  await home.reopen(async () => {
    const archive = await archiveAuthority(order);
    assert.deepEqual(readdirSync(archive.directory).sort(), ['authority', 'node', 'settings']);
    assert.equal(readFileSync(at('settings'), 'utf8'), 'old');
    writeFileSync(at('settings'), 'new');
    await archive.putBack();
    assert.equal(readFileSync(at('settings'), 'utf8'), 'old');
    assert.deepEqual(readdirSync(archive.directory), []);
  });
  assert.equal(home.authority.standing, 'ready');
});
