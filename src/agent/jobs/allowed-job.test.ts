import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { allowedJob } from './allowed-job.ts';

const place = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-allowed-')));
const at = (...names: string[]): string => join(place, ...names);
for (const name of ['srv/back', 'home/node', 'etc']) mkdirSync(at(name), { recursive: true });
symlinkSync(at('etc'), at('srv/link'));
symlinkSync(at('srv'), at('way'));
symlinkSync('gone', at('srv/dangling'));
symlinkSync('circle', at('srv/circle'));
after(() => rmSync(place, { recursive: true }));

const home = at('home');
const asked = async (target: string, allow: readonly string[]): Promise<unknown> =>
  await allowedJob(
    { kind: 'restore', snapshot: 'latest', target, include: [], overwrite: true },
    { allow, home },
  ).then(
    (order) => order.kind === 'restore' && order.target,
    (error: { code: string }) => error.code,
  );

test('a restore goes where its path leads to, and only below a folder that is allowed', async () => {
  const allow = [`restore:${at('srv')}`];
  assert.equal(await asked(at('srv'), allow), at('srv'));
  assert.equal(await asked(at('srv/back/new/deep'), allow), at('srv/back/new/deep'));
  assert.equal(await asked(at('way/back'), allow), at('srv/back'));
  assert.equal(await asked(`${at('srv')}/x/../back`, allow), at('srv/back'));
  for (const target of [
    'srv/../etc',
    'srv/link',
    'srv/link/new',
    'srv/dangling',
    'srv/dangling/x',
    'srv/circle',
    'srvx',
  ])
    assert.equal(await asked(`${place}/${target}`, allow), 'job_not_allowed', target);
  assert.equal(await asked('/', allow), 'job_not_allowed');
});

test('a folder that is allowed by a link is the one that it leads to, and all of the machine is without the home', async () => {
  assert.equal(await asked(at('srv/back'), [`restore:${at('way')}`]), at('srv/back'));
  assert.equal(await asked(at('etc'), ['restore:/']), at('etc'));
  assert.equal(await asked(at('home/node'), ['restore:/']), 'job_not_allowed');
  assert.equal(await asked(at('home'), ['restore:/']), 'job_not_allowed');
});

test('one word allows one thing', async () => {
  const backup = { kind: 'backup', set: 'documents' } as const;
  assert.deepEqual(await allowedJob(backup, { allow: ['backup'], home }), backup);
  await assert.rejects(allowedJob(backup, { allow: ['restore:/'], home }), { code: 'job_not_allowed' });
  assert.equal(await asked(at('srv'), ['backup']), 'job_not_allowed');
  assert.equal(await asked(at('srv'), []), 'job_not_allowed');
});

test('a check is allowed by its own word', async () => {
  const order = { kind: 'check', readData: true } as const;
  assert.deepEqual(await allowedJob(order, { allow: ['check'], home }), order);
  await assert.rejects(allowedJob(order, { allow: ['backup', 'sets'], home }), { code: 'job_not_allowed' });
});

test('what was saved is granted by the paths that snapshots have, and all of it by a word of its own', async () => {
  const grant = (path?: string) =>
    ({ kind: 'grant', grant: 1, to: 'web2', ...(path !== undefined && { path }) }) as const;
  for (const path of ['/etc', '/etc/ssl/private'])
    assert.deepEqual(await allowedJob(grant(path), { allow: ['grant:/etc'], home }), grant(path));
  assert.deepEqual(await allowedJob(grant(), { allow: ['grant'], home }), grant());
  const refused = { code: 'job_not_allowed' };
  for (const path of [undefined, '/', '/etcetera', '/etc/../root', '/etc/./ssl', '//etc', '/etc/'])
    await assert.rejects(
      allowedJob(grant(path), { allow: ['backup', 'sets', 'grant:/etc'], home }),
      refused,
      path,
    );
});
