import assert from 'node:assert/strict';
import { cpSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { initRepository } from '../src/repository/init-repository.ts';
import { encodeLock } from '../src/repository/lock-files.ts';
import type { Repository } from '../src/repository/repository.ts';
import {
  cheapCost,
  dataBlob,
  fileNode,
  type SampleBlob,
  samplePassword,
  treeBlob,
  writePack,
  writeSnapshot,
} from '../src/repository/sample-repository.fixture.ts';
import { LocalStore } from '../src/storage/index.ts';
import { launcher, runProgram } from './rig/holdfast-process.ts';
import { runHere } from './rig/run-here.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

/** When the snapshots of the laptop were made. */
const times = [
  '2026-03-10T10:30',
  '2026-03-10T10:00',
  '2026-03-10T09:00',
  '2026-03-09T10:00',
  '2026-03-03T10:00',
  '2026-02-10T10:00',
  '2025-12-31T10:00',
];

/** How many of those are kept by each option. */
const keptBy: readonly (readonly [words: string, kept: number])[] = [
  ['--keep-last 4', 4],
  ['--keep-last unlimited', 7],
  ['--keep-hourly 2', 2],
  ['--keep-hourly 3', 3],
  ['--keep-daily 1 --keep-weekly 2', 2],
  ['--keep-daily 3', 3],
  ['--keep-weekly 3', 3],
  ['--keep-monthly 2', 2],
  ['--keep-yearly 9', 2],
  ['--keep-within 1d', 3],
  ['--keep-within-hourly 1d', 2],
  ['--keep-within-daily 8d', 3],
  ['--keep-within-weekly 8d', 2],
  ['--keep-within-monthly 2m', 2],
  ['--keep-within-yearly 1y', 2],
  ['--keep-tag x,y', 1],
];

let place: TemporaryDirectory;
let repository: Repository;
const at = (...names: string[]): string => join(place.path, ...names);
const there = () => ['--home', at('home'), '--repo', at('repo'), '--password-file', at('password')];
const run = async (...words: string[]) => runHere([...words, ...there()], { HOME: place.path });

before(async () => {
  place = temporaryDirectory();
  writeFileSync(at('password'), samplePassword.reveal());
  repository = await initRepository(new LocalStore(at('repo')), {
    password: samplePassword,
    cost: cheapCost,
  });
  const tree = treeBlob();
  await repository.saveIndex([await writePack(repository, tree)]);
  for (const [number, time] of times.entries()) {
    const timeNs = BigInt(Date.parse(`${time}Z`)) * 1_000_000n;
    const tags = number === 5 ? ['y', 'x'] : ['x'];
    await repository.saveSnapshot({
      timeNs,
      zoneMinutes: 0,
      hostname: 'laptop',
      paths: ['/home'],
      tree: tree.id,
      tags,
    });
  }
  for (const paths of [['/etc'], ['/srv']])
    await writeSnapshot(repository, tree, { hostname: 'desk', paths });
  cpSync(at('repo/snapshots'), at('all'), { recursive: true });
});
beforeEach(haveAll);
after(() => place[Symbol.dispose]());

function haveAll(): void {
  rmSync(at('repo/snapshots'), { recursive: true });
  cpSync(at('all'), at('repo/snapshots'), { recursive: true });
}

/** How many snapshots each host has. */
async function left(): Promise<readonly [laptop: number, desk: number]> {
  const all = await repository.snapshots();
  const of = (host: string): number => all.filter(({ hostname }) => hostname === host).length;
  return [of('laptop'), of('desk')];
}

describe('holdfast forget', () => {
  it('keeps what each option says', async () => {
    for (const [words, kept] of keptBy) {
      haveAll();
      assert.equal((await run('forget', ...words.split(' '), '--host', 'laptop')).code, 0, words);
      assert.deepEqual(await left(), [kept, 2], words);
    }
  });

  it('judges the groups that --group-by makes, and only what --host, --path and --tag let through', async () => {
    await run('forget', '--keep-last', '1', '--host', 'desk');
    assert.deepEqual(await left(), [7, 2]);
    await run('forget', '--keep-last', '1', '--group-by', 'host', '--path', '/etc');
    assert.deepEqual(await left(), [7, 2]);
    await run('forget', '--keep-last', '1', '--tag', 'y');
    assert.deepEqual(await left(), [7, 2]);
    await run('forget', '--keep-last', '1', '--group-by', 'host');
    assert.deepEqual(await left(), [1, 1]);
    await run('forget', '--keep-last', '1', '--group-by', '');
    assert.deepEqual(await left(), [1, 0]);
  });

  it('--judge-by arrival takes snapshots as of when they came', async () => {
    // The newest came first: none of the others can have waited since before it.
    const newestFirst = (await repository.snapshots()).toReversed();
    for (const [at, { id }] of newestFirst.entries()) {
      const arrived = new Date(Date.now() + at * 1000 - 60_000);
      utimesSync(join(place.path, 'repo/snapshots', id), arrived, arrived);
    }
    assert.equal((await run('forget', '--keep-daily', '3', '--judge-by', 'arrival')).code, 0);
    const [laptop] = await left();
    assert.ok(laptop <= 3, 'all came today, or just before midnight and after, and waited since one day');
  });

  it('leaves a group without any only with --unsafe-allow-remove-all, and says what it would do with --dry-run', async () => {
    const none = ['forget', '--keep-tag', 'nothing', '--host', 'laptop'];
    const refused = await run(...none);
    assert.deepEqual([refused.code, refused.error?.code], [1, 'last_snapshot']);
    assert.equal((await run(...none, '--unsafe-allow-remove-all', '--dry-run')).code, 0);
    assert.deepEqual(await left(), [7, 2]);
    assert.equal((await run(...none, '--unsafe-allow-remove-all')).code, 0);
    assert.deepEqual(await left(), [0, 2]);
  });

  it('takes no policy that keeps nothing, and no policy beside names', async () => {
    const [name = ''] = readdirSync(at('all'));
    for (const words of [[], ['--keep-last', '0'], [name, '--keep-last', '1'], ['--unsafe-allow-remove-all']])
      assert.equal((await run('forget', ...words)).error?.code, 'usage', words.join(' '));
    assert.deepEqual(await left(), [7, 2]);
  });

  it('forgets what is named, one that cannot be read too, and shows on 80 columns why each stays', async () => {
    const [damaged = ''] = (await repository.snapshots()).flatMap(({ id, hostname }) =>
      hostname === 'laptop' ? id : [],
    );
    rmSync(at('repo/snapshots', damaged));
    writeFileSync(at('repo/snapshots', damaged), 'nothing');
    const shown = await runProgram(launcher, ['forget', '--keep-weekly', '2', '--dry-run', ...there()], {});
    assert.match(shown.stderr, new RegExp(`holdfast forget ${damaged.slice(0, 8)} removes it`));
    assert.match(shown.stdout, /2026-03-10 \d\d:30:00 {2}stays: weekly snapshot/);
    for (const line of shown.stdout.split('\n')) assert.ok(line.length <= 80, line);
    assert.equal((await run('forget', damaged.slice(0, 8))).code, 0);
    assert.ok(!readdirSync(at('repo/snapshots')).includes(damaged));
    assert.deepEqual(await left(), [6, 2]);
  });
});

describe('holdfast prune', () => {
  const [needed, other, gone] = ['a', 'b', 'c'].map((letter) => dataBlob(letter.repeat(5000))) as [
    SampleBlob,
    SampleBlob,
    SampleBlob,
  ];
  const tree = treeBlob(fileNode('needed', needed), fileNode('other', other));
  let pruned: Repository;
  /** One of contents that are needed in part, one of directories likewise, one that nobody needs, and one that is needed. */
  let packs: readonly string[];
  const prune = async (...words: string[]) => {
    const repo = ['--home', at('home'), '--repo', at('pruned'), '--password-file', at('password')];
    return runHere([...words, ...repo], { HOME: place.path });
  };
  /** Which of those packs are left. */
  const left = async (): Promise<string> => {
    const names = (await pruned.store.list('data')).map(({ name }) => name);
    return packs
      .flatMap((name, at) => (names.some((each) => each === name) ? 'CDUW'.charAt(at) : []))
      .join('');
  };

  beforeEach(async () => {
    rmSync(at('pruned'), { recursive: true, force: true });
    const key = { password: samplePassword, cost: cheapCost };
    pruned = await initRepository(new LocalStore(at('pruned')), key);
    const old = treeBlob(fileNode('gone', gone));
    const all = [
      await writePack(pruned, gone, needed),
      await writePack(pruned, tree, old),
      await writePack(pruned, gone),
      await writePack(pruned, dataBlob('unused, as it is'.repeat(90)), other),
    ];
    packs = all.map(({ id }) => id);
    await pruned.saveIndex(all);
    await writeSnapshot(pruned, tree, { timeNs: 2n });
  });

  it('frees what no snapshot needs, and nothing with --dry-run', async () => {
    assert.equal((await prune('prune', '--dry-run')).code, 0);
    assert.equal(await left(), 'CDUW');
    assert.equal((await prune('prune')).code, 0);
    assert.equal(await left(), '');
    assert.deepEqual((await prune('check', '--read-data')).code, 0);
    assert.equal((await pruned.loadIndex()).size, 3);
  });

  for (const [words, kept] of [
    ['--max-unused unlimited --repack-smaller-than 1', 'CW'],
    ['--max-unused 0 --repack-smaller-than 1', ''],
    ['--max-repack-size 1', 'CDW'],
    ['--repack-cacheable-only', 'CW'],
  ] as const)
    it(`${words} leaves ${kept === '' ? 'none' : kept} of four packs as they are`, async () => {
      assert.equal((await prune('prune', ...words.split(' '))).code, 0);
      assert.equal(await left(), kept);
    });

  it('--repack-uncompressed compresses what is needed and was not', async () => {
    await prune('prune', '--max-unused', 'unlimited', '--repack-smaller-than', '1');
    const plain = async (): Promise<boolean> =>
      (await pruned.loadIndex()).locate('data', other.id)[0]?.plainLength === undefined;
    assert.equal(await plain(), true);
    await prune('prune', '--repack-uncompressed');
    assert.equal(await plain(), false);
  });

  it('runs behind forget --prune, when something went, with the same options', async () => {
    const forgetting = ['forget', '--keep-last', '1', '--group-by', ''];
    assert.equal((await prune(...forgetting, '--prune')).code, 0);
    assert.equal(await left(), 'CDUW');
    await writeSnapshot(pruned, tree, { timeNs: 1n });
    assert.equal((await prune(...forgetting, '--prune', '--dry-run')).code, 0);
    assert.equal(await left(), 'CDUW');
    assert.equal((await prune(...forgetting, '--max-repack-size', '1')).error?.code, 'usage');
    assert.equal((await prune(...forgetting, '--prune', '--max-repack-size', '1')).code, 0);
    assert.equal(await left(), 'CDW');
  });
});

describe('a repository that somebody else holds', () => {
  const hold = async (): Promise<void> => {
    const timeNs = BigInt(Date.now()) * 1_000_000n;
    const lock = encodeLock({ timeNs, exclusive: false, hostname: 'elsewhere', username: 'ann', pid: 1 });
    await repository.files.save('locks', lock);
  };

  it('is left alone with exit code 11, after --retry-lock too; unlock --remove-all frees it, unlock does not', async () => {
    await hold();
    const forgetting = ['forget', '--keep-last', '1'];
    const refused = await run(...forgetting);
    assert.deepEqual([refused.code, refused.error?.code], [11, 'repository_locked']);
    assert.match(refused.error?.message ?? '', /process 1 on elsewhere \(ann\)/);
    const waited = await runProgram(launcher, [...forgetting, '--retry-lock', '1s', ...there()], {
      expected: 11,
    });
    assert.match(waited.stderr, /waiting +up to 1.0 s: the repository is locked by process 1/);
    assert.equal((await run('unlock')).code, 0);
    assert.equal((await run(...forgetting)).code, 11);
    assert.equal((await run('unlock', '--remove-all')).code, 0);
    assert.deepEqual([(await run(...forgetting)).code, await left()], [0, [1, 2]]);
  });
});
