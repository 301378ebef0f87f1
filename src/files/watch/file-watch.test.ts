import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { FileWatch } from './file-watch.ts';
import { mountPoints } from './mount-points.ts';
import type { WatchOptions, WatchReport } from './watch-messages.ts';

let top: string;
let watch: FileWatch;
let reports: WatchReport[];
let heard = Promise.withResolvers<void>();
const at = (...names: string[]): string => join(top, ...names);
const raw = (...names: string[]): Buffer => Buffer.from(at(...names));

beforeEach(() => {
  top = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-watch-')));
  reports = [];
  watch = new FileWatch({
    onReport: (report) => {
      reports.push(report);
      heard.resolve();
      heard = Promise.withResolvers();
    },
    onFailure: (error) => assert.fail(String(error)),
  });
});
afterEach(async () => {
  await watch[Symbol.asyncDispose]();
  rmSync(top, { recursive: true });
});

function put(path: string): void {
  mkdirSync(dirname(at(path)), { recursive: true });
  writeFileSync(at(path), '');
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await heard.promise;
}

/** Of directories one by one, or, as root may, of file systems; undefined for as usual. */
let maxDirectories: number | undefined;

/** Watches, until everything is. */
async function begin(options: WatchOptions): Promise<WatchReport> {
  watch.watch('it', { ...options, ...(maxDirectories !== undefined && { maxDirectories }) });
  await until(() => reports.length > 0);
  const [first] = reports.splice(0);
  assert.ok(first);
  return first;
}

/** What is told of `work`, all of it: the kernel tells in order, and last of a file in the folder `in`. */
async function toldOf(folder: string, work: () => void): Promise<{ changed: string[]; trees: string[] }> {
  reports.length = 0;
  work();
  const mark = at(folder, 'mark');
  writeFileSync(mark, 'x');
  await until(() => reports.some(({ changed }) => changed.includes(mark)));
  const short = (paths: Iterable<string>): string[] =>
    [...new Set(paths)].map((path) => path.slice(top.length + 1)).toSorted();
  return {
    changed: short(reports.flatMap(({ changed }) => changed).filter((path) => path !== mark)),
    trees: short(reports.flatMap(({ trees }) => trees)),
  };
}

for (const [what, max] of [
  ['directories one by one', undefined],
  ['file systems', 0],
] as const) {
  const skip = max === 0 && process.getuid?.() !== 0 && 'only root may watch a file system';
  describe(`a watch of ${what}`, { skip }, () => {
    beforeEach(() => {
      maxDirectories = max;
      // Nobody else does anything on a file system of one's own.
      if (max === 0) execFileSync('mount', ['-t', 'tmpfs', 'none', top]);
    });
    afterEach(() => {
      if (max === 0) execFileSync('umount', ['-R', top]);
    });
    it('says first that anything may have changed, and then what has', async () => {
      put('set/deep/file');
      const { isWhole, gaps, blind, fileSystems } = await begin({ paths: [raw('set')] });
      assert.equal(fileSystems, max === 0 ? 1 : 0);
      assert.deepEqual({ isWhole, gaps, blind }, { isWhole: true, gaps: [], blind: [] });
      const told = await toldOf('set', () => {
        appendFileSync(at('set/deep/file'), 'more');
        mkdirSync(at('set/new'));
      });
      assert.deepEqual(told, { changed: ['set/deep/file', 'set/new'], trees: ['set/new'] });
      const later = await toldOf('set/new', () => put('set/new/inside'));
      assert.ok(later.changed.includes('set/new/inside'));
    });

    it('tells nothing of what a backup leaves out', async () => {
      for (const path of ['set/home/x', 'set/cache/x', 'set/skip/x', 'beside/x']) put(path);
      writeFileSync(at('set/cache/CACHEDIR.TAG'), 'Signature: 8a477f597d28d172789f06886806bc55\n');
      const options = { exclude: ['skip', '*.tmp'], excludeCaches: true, forbidden: [raw('set/home')] };
      const { directories } = await begin({ paths: [raw('set')], ...options });
      // Those on the way to it, itself, and, one by one, the cache, which may be none one day.
      assert.equal(directories, top.split('/').length + (max === 0 ? 1 : 2));
      const told = await toldOf('set', () => {
        for (const path of ['set/home/y', 'set/cache/deep/y', 'set/skip/y', 'set/a.tmp', 'beside/y'])
          put(path);
      });
      assert.deepEqual(told, { changed: [], trees: [] });
      const uncovered = await toldOf('set', () => rmSync(at('set/cache/CACHEDIR.TAG')));
      assert.deepEqual(uncovered.trees, ['set/cache']);
      assert.deepEqual((await toldOf('set/cache/deep', () => {})).trees, []);
    });

    it('follows folders that are renamed, in it, out of it, and back', async () => {
      put('set/a/b/c/file');
      put('set/other/x');
      await begin({ paths: [raw('set')] });
      await toldOf('set', () => {
        renameSync(at('set/a'), at('set/other/a'));
        renameSync(at('set/other/a/b'), at('b'));
      });
      const away = await toldOf('set', () => put('b/c/nobody'));
      assert.deepEqual(away, { changed: [], trees: [] });
      const back = await toldOf('set', () => renameSync(at('b'), at('set/b')));
      assert.deepEqual(back.trees, ['set/b']);
      assert.deepEqual((await toldOf('set/b/c', () => appendFileSync(at('set/b/c/file'), 'x'))).changed, [
        'set/b/c/file',
      ]);
    });

    it('watches a file that is named, and what is not there yet, and tells nothing of what lies beside them', async () => {
      put('here/file');
      await begin({ paths: [raw('here/file'), raw('later/on/dir')] });
      reports.length = 0;
      put('here/beside');
      appendFileSync(at('here/file'), 'x');
      await until(() => reports.some(({ trees }) => trees.includes(at('here/file'))));
      assert.ok(!reports.some(({ changed }) => changed.includes(at('here/beside'))));
      mkdirSync(at('later/on/dir'), { recursive: true });
      await until(() =>
        reports.some(({ trees }) => trees.some((path) => at('later/on/dir').startsWith(path))),
      );
      assert.deepEqual((await toldOf('later/on/dir', () => put('later/on/dir/file'))).changed, [
        'later/on/dir/file',
      ]);
    });
  });
}

it('what is mounted below a folder whose file system is watched is watched too, and can be unmounted', {
  skip: process.getuid?.() === 0 ? false : 'only root may mount',
}, async () => {
  execFileSync('mount', ['-t', 'tmpfs', 'none', top]);
  try {
    put('set/under/x');
    maxDirectories = 0;
    await begin({ paths: [raw('set')] });
    execFileSync('mount', ['-t', 'tmpfs', 'none', at('set/under')]);
    await until(() => reports.some(({ gaps }) => gaps.some(({ path }) => path === at('set/under'))));
    assert.ok(reports.some(({ trees, fileSystems }) => trees.includes(at('set/under')) && fileSystems === 2));
    assert.deepEqual((await toldOf('set/under', () => put('set/under/y'))).changed, ['set/under/y']);
    reports.length = 0;
    execFileSync('umount', [at('set/under')]);
    await until(() => reports.some(({ trees }) => trees.includes(at('set/under'))));
    assert.deepEqual((await toldOf('set', () => appendFileSync(at('set/under/x'), 'x'))).changed, [
      'set/under/x',
    ]);
  } finally {
    execFileSync('umount', ['-R', top]);
  }
});

it('where something is mounted is read as proc(5) writes it', () => {
  const text = '36 35 98:0 / /mnt/a\\040b rw - ext3 /dev/root rw\n40 35 0:1 / /proc rw - proc proc rw\n';
  assert.deepEqual([...mountPoints(text)], ['36 /mnt/a b', '40 /proc']);
});
