import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { SentSet } from '../../enrol/index.ts';
import { allowedSet } from './allowed-set.ts';
import type { BackupSet } from './backup-set.ts';
import { keepSentSets, readSentSets, refuseSet } from './sent-set-file.ts';

let place: string;
before(async () => {
  place = await mkdtemp(join(tmpdir(), 'holdfast-sent-'));
  for (const name of ['saved', 'other']) await mkdir(join(place, name));
});
after(() => rm(place, { recursive: true }));

const at = (name: string): string => join(place, name);

function sent(more: Partial<SentSet['set']> = {}, name = 'system'): SentSet {
  const set = {
    paths: [at('saved')],
    every: '6h',
    spreadMs: 0,
    exclude: [],
    excludeCaches: true,
    tag: [],
    hookLimitMs: 1,
  };
  return {
    id: 'abcdefgh12345678',
    name,
    sent: '2026-11-30T08:00:00.000Z',
    by: 'admin/ann',
    set: { ...set, ...more },
  };
}

const allowance = (...allow: string[]) => ({ allow, own: [], refused: [] });

test('a set of the server runs where its folders are allowed, through every link, and under an id of its own', async () => {
  const refused = { code: 'set_not_allowed' };
  await assert.rejects(allowedSet(sent(), allowance()), refused);
  await assert.rejects(
    allowedSet(sent(), allowance('backup', `sets:${at('other')}`, `sets:${at('save')}`)),
    refused,
  );
  const taken = await allowedSet(sent(), allowance(`sets:${at('saved')}`));
  assert.deepEqual([taken.id, taken.sentBy, taken.repo], ['sent-abcdefgh12345678', 'admin/ann', undefined]);
  await symlink(at('other'), at('saved/link'));
  const through = sent({ paths: [at('saved/link'), at('saved')] });
  await assert.rejects(allowedSet(through, allowance(`sets:${at('saved')}`)), refused);
  assert.ok(await allowedSet(through, allowance('sets')));
});

test('a program of a sent set is allowed by its name and by nothing else', async () => {
  const hooked = sent({ before: '/usr/bin/dump', after: '/usr/bin/undo' });
  for (const more of [
    [],
    ['hook:/usr/bin/dump'],
    ['hook:/usr/bin'],
    ['hook:/usr/bin/dump', 'hook:/usr/bin/und'],
  ])
    await assert.rejects(allowedSet(hooked, allowance('sets', ...more)), { code: 'set_not_allowed' });
  assert.ok(await allowedSet(hooked, allowance('sets', 'hook:/usr/bin/dump', 'hook:/usr/bin/undo')));
});

test('a sent set takes no name of a set of the machine, and one that makes no sense is refused by what is wrong', async () => {
  const own = [{ name: 'system', paths: ['/etc'] } as BackupSet];
  await assert.rejects(allowedSet(sent(), { ...allowance('sets'), own }), { code: 'set_exists' });
  await assert.rejects(allowedSet(sent(), { ...allowance('sets'), refused: ['system'] }), {
    code: 'set_refused',
  });
  const odd = [
    [{ every: 'at noon' }, 'schedule_invalid'],
    [{ every: '0 0 30 2 *' }, 'schedule_never'],
    [{ zone: 'Mars/Base', every: 'daily 02:00' }, 'schedule_invalid'],
    [{ keep: 'all' }, 'usage'],
    [{ between: 'night' }, 'usage'],
  ] as const;
  for (const [more, code] of odd) await assert.rejects(allowedSet(sent(more), allowance('sets')), { code });
});

test('what is no set of this version keeps nothing else from being taken, and what is refused stays so', async () => {
  const directory = at('node');
  const good = sent();
  const hostile = [
    sent({ tag: ['set:documents-abcdef'] }, 'poison'),
    sent({ tag: ['live'] }, 'poison'),
    { ...sent({}, 'elsewhere'), set: { ...good.set, repo: '/tmp/out', passwordFile: '/etc/shadow' } },
    { ...sent({}, 'dots'), id: '../../../escape0' },
    { ...sent({}, 'when'), sent: '2026-99-99T99:99:99Z' },
    'no set',
  ];
  assert.deepEqual(await keepSentSets(directory, [good, ...hostile]), { isChanged: true, gone: [] });
  const told = await readSentSets(directory);
  assert.deepEqual(told.sets, [good]);
  assert.deepEqual(told.unread, ['poison', 'poison', 'elsewhere', 'dots', 'when', 'unknown']);
  assert.equal((await keepSentSets(directory, [good, ...hostile])).isChanged, false);
  await refuseSet(directory, 'system', true);
  assert.deepEqual(await keepSentSets(directory, []), { isChanged: true, gone: [good] });
  assert.deepEqual((await readSentSets(directory)).refused, ['system']);
  await writeFile(join(directory, 'sent-sets.json'), '{');
  await assert.rejects(keepSentSets(directory, []), { code: 'settings_invalid' });
});
