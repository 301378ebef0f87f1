import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { hasProcess, isRunning, missingMount, processMark } from './platform.ts';

describe('a disk that the system has in its table', () => {
  const place = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-mounts-')));
  const at = (name: string): string => join(place, name);
  after(() => rmSync(place, { recursive: true }));
  for (const name of ['away', 'here', 'with space']) mkdirSync(at(name));
  symlinkSync(at('away'), at('link'));
  const tables = { fstab: at('fstab'), mountinfo: at('mountinfo') };
  writeFileSync(
    tables.fstab,
    [
      '# <file system> <mount point> <type> <options> <dump> <pass>',
      'UUID=1 / ext4 defaults 0 1',
      `UUID=2\t${at('away')}\text4\tnofail 0 2`,
      `UUID=3 ${at('here')} ext4 defaults 0 2`,
      `UUID=4 ${at('with\\040space')} ext4 noauto 0 2`,
      'UUID=5 none swap sw 0 0',
      '',
    ].join('\n'),
  );
  writeFileSync(
    tables.mountinfo,
    `25 1 8:1 / / rw - ext4 /dev/sda1 rw\n26 25 8:2 / ${at('here')} rw,relatime - ext4 /dev/sdb1 rw\n`,
  );

  it('is missed at and below where it belongs, by way of links too', async () => {
    assert.equal(await missingMount(at('away'), tables), at('away'));
    assert.equal(await missingMount(at('link'), tables), at('away'));
    assert.equal(await missingMount(at('link/new/home'), tables), at('away'));
    assert.equal(await missingMount(at('with space'), tables), at('with space'));
  });

  it('is not missed where it is mounted, nor elsewhere, nor without tables', async () => {
    assert.equal(await missingMount(at('here'), tables), undefined);
    assert.equal(await missingMount(at('elsewhere/deep'), tables), undefined);
    assert.equal(await missingMount(at('away'), { ...tables, mountinfo: at('nothing') }), undefined);
    assert.equal(await missingMount(at('away'), { ...tables, fstab: at('nothing') }), undefined);
  });
});

it('knows a process while it runs and no other that has its number', async () => {
  const child = spawn('sleep', ['600']);
  const mark = processMark(child.pid) ?? '';
  assert.equal(isRunning(mark), true);
  assert.equal(hasProcess(child.pid ?? 0), true);
  assert.equal(isRunning(mark.replace(/ \d+ /, ' 1 ')), false, 'begun at another time');
  assert.equal(isRunning(mark.replace(/.$/, 'x')), false, 'of another boot');
  child.kill('SIGKILL');
  await once(child, 'close');
  assert.equal(isRunning(mark), false);
  assert.equal(hasProcess(child.pid ?? 0), false);
  assert.equal(hasProcess(1), true, 'of another user, too');
});

it('marks this process, and none that is not there', () => {
  assert.equal(isRunning(processMark() ?? ''), true);
  assert.equal(processMark(0), undefined);
});
