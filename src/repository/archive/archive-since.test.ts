import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { FileWatch, type WatchReport } from '../../files/index.ts';
import { treeAtPath } from '../node-at-path.ts';
import type { Repository } from '../repository.ts';
import { createSample } from '../sample-repository.fixture.ts';
import { archive } from './archive.ts';
import type { ArchiveOptions, ArchiveSummary } from './archive-options.ts';

let top: string;
let outside: string;
let repository: Repository;
beforeEach(async () => {
  const place = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-since-')));
  [top, outside] = [join(place, 'top'), join(place, 'outside')];
  for (const path of [top, outside]) mkdirSync(path);
  ({ repository } = await createSample());
});
afterEach(() => rmSync(dirname(top), { recursive: true }));

const save = (more: Partial<ArchiveOptions> = {}): Promise<ArchiveSummary> =>
  archive(repository, { paths: [Buffer.from(top)], ...more });
const bytes = (paths: Iterable<string>): Buffer[] => [...paths].map((path) => Buffer.from(path, 'latin1'));
const since = ({ snapshotId }: ArchiveSummary, directories: string[], trees: string[] = []) => ({
  base: snapshotId,
  limit: { directories: bytes(directories), trees: bytes(trees) },
});

/** Of the folder that is saved: those on the way to it are other people's too. */
async function treeOf({ snapshotId }: ArchiveSummary): Promise<string | undefined> {
  await repository.loadIndex();
  const snapshot = (await repository.snapshots()).find(({ id }) => id === snapshotId);
  assert.ok(snapshot);
  return await treeAtPath((id) => repository.readTree(id), snapshot.tree, Buffer.from(top));
}

function totalsOf(summary: ArchiveSummary): unknown {
  const { filesNew, filesChanged, filesUnmodified, dirsNew, dirsChanged, dirsUnmodified } = summary;
  const files = filesNew + filesChanged + filesUnmodified;
  return { files, bytes: summary.bytesProcessed, dirs: dirsNew + dirsChanged + dirsUnmodified };
}

function put(path: string, text: string): void {
  mkdirSync(dirname(join(top, path)), { recursive: true });
  writeFileSync(join(top, path), text);
}

test('what is said not to have changed is taken from the snapshot before, and not looked at', async () => {
  for (let n = 0; n < 20; n++) put(`d${n}/deep/file`, `${n}`);
  const base = await save();
  put('d3/deep/file', 'another');
  put('d4/deep/file', 'said of by nobody');
  const live = await save({ since: since(base, [join(top, 'd3/deep')]) });
  assert.deepEqual([live.filesChanged, live.filesUnmodified, live.dirsKept], [1, 19, 19]);
  assert.equal(live.parent, base.snapshotId);
  assert.notEqual(await treeOf(live), await treeOf(await save()));
  put('d4/deep/file', 'now it is');
  const whole = await save({ since: since(live, [], [join(top, 'd4')]) });
  assert.equal(await treeOf(whole), await treeOf(await save()));
});

test('everything is looked at where the snapshot is gone, is of other patterns, or has another directory there', async () => {
  for (let n = 0; n < 5; n++) put(`d${n}/file`, `${n}`);
  const base = await save();
  const elsewhere = await save({ excludes: ['*.tmp'] });
  assert.equal((await save({ since: since(elsewhere, []) })).dirsKept, 0);
  renameSync(join(top, 'd1'), join(outside, 'd1'));
  put('d1/file', 'of another');
  const other = await save({ since: since(base, [top]) });
  assert.equal(other.dirsKept, 0);
  assert.equal(await treeOf(other), await treeOf(await save()));
  await repository.store.remove({ type: 'snapshots', name: other.snapshotId });
  assert.equal((await save({ since: since(other, []) })).dirsKept, 0);
});

test('what is saved as the watch tells it is what is there, whatever was done', {
  timeout: 120_000,
}, async () => {
  const reports: WatchReport[] = [];
  let heard = Promise.withResolvers<void>();
  await using watch = new FileWatch({
    onReport: (report) => {
      reports.push(report);
      heard.resolve();
      heard = Promise.withResolvers();
    },
    onFailure: (error) => assert.fail(String(error)),
  });
  const until = async (isDone: () => boolean): Promise<void> => {
    while (!isDone()) await heard.promise;
  };
  put('start/file', 'x');
  watch.watch('it', { paths: [Buffer.from(top)] });
  await until(() => reports.length > 0);
  let base = await save();
  const random = sequence(20261130);
  for (let round = 0; round < 8; round++) {
    reports.length = 0;
    for (let step = 0; step < 30; step++) doSomething(random);
    const mark = join(top, `mark-${round}`);
    writeFileSync(mark, '');
    await until(() => reports.some(({ changed }) => changed.includes(mark)));
    assert.deepEqual(
      reports.flatMap(({ gaps, blind }) => [...gaps, ...blind]),
      [],
    );
    const directories = reports.flatMap(({ changed }) => changed.map((path) => dirname(path)));
    const trees = reports.flatMap((report) => report.trees);
    const live = await save({ since: since(base, directories, trees) });
    const whole = await save();
    assert.equal(await treeOf(live), await treeOf(whole), `round ${round}`);
    assert.deepEqual(totalsOf(live), totalsOf(whole), `round ${round}`);
    assert.equal(live.parent, base.snapshotId);
    base = live;
  }
});

type Random = (below: number) => number;

/** The same numbers each time (a linear congruential generator, Numerical Recipes). */
function sequence(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

let made = 0;

/** Does one of the things that happen in folders. */
function doSomething(random: Random): void {
  const folders = [top, ...below(top, true)];
  const files = below(top, false);
  const folder = folders[random(folders.length)] ?? top;
  const file = files[random(files.length)];
  const name = `${made++}`;
  const inner = folder === top ? undefined : folder;
  const deeds: (() => void)[] = [
    () => writeFileSync(join(folder, name), `content ${name}`),
    () => file !== undefined && appendFileSync(file, name),
    () => file !== undefined && rmSync(file),
    () => file !== undefined && renameSync(file, join(folder, name)),
    () => mkdirSync(join(folder, name, 'a/b'), { recursive: true }),
    () => {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'inside'), name);
    },
    () => inner !== undefined && chmodSync(inner, random(2) === 0 ? 0o700 : 0o755),
    () => inner !== undefined && random(3) === 0 && rmSync(inner, { recursive: true }),
    () => inner !== undefined && renameSync(inner, join(outside, name)),
    () => inner !== undefined && renameSync(inner, join(top, name)),
    () => {
      for (const each of readdirSync(outside).slice(0, 1))
        renameSync(join(outside, each), join(folder, name));
    },
    () => symlinkSync(name, join(folder, name)),
  ];
  deeds[random(deeds.length)]?.();
}

function below(path: string, areDirectories: boolean): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((each) => (areDirectories ? each.isDirectory() : each.isFile()))
    .map((each) => join(each.parentPath, each.name))
    .sort();
}
