import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { isHoldfastError } from '../base/index.ts';
import { IgnoreRules } from './ignore-rules.ts';
import { PatternList } from './path-pattern.ts';
import { walk } from './walk.ts';

const run = promisify(execFile);
const files = [
  'a/b/c/d.txt',
  'a/b/c/d.TXT',
  'a/b/x.tmp',
  'a/build/out/x.o',
  'a/src/build/x.o',
  'a/src/main.c',
  'b/a/b/file',
  'b/name with space',
  'b/[odd]*?\\name',
  'b/ä',
  'b/äö',
  'c/.hidden/f',
  'c/d/e/f/g/h',
  'c/keep.tmp',
  'c/-dash',
  'c/]bracket',
];

/** Lists of patterns; `@` stands for the tree's own directory. */
const lists = [
  ['*.tmp', '!keep.tmp'],
  ['build'],
  ['a/b'],
  ['@/a/b', '@/c/d/**/g'],
  ['a/**/x.o', '**/f/g'],
  ['@/**/d.txt', '/a'],
  ['@/a/*', '!@/a/b', '!@/a/src'],
  ['?', '!ä'],
  ['[a-c]/?/?', '[^a-c]*.c'],
  ['\\[odd\\]\\*\\?\\\\name', 'name*', 'äö'],
  ['./a/../b/', 'c//d'],
  ['**', '!@/c/keep.tmp'],
  ['@/c/**', '*.t?t'],
  ['[\\]]*', '[\\-]d*', '@/../*/a/src/**'],
  ['*a*b*c*', 'd/e/f/g/h', 'e/*/g'],
];

describe('a list of patterns', { concurrency: true }, () => {
  let top: string;
  let tree: string;
  let environment: NodeJS.ProcessEnv;
  before(async () => {
    top = mkdtempSync(join(tmpdir(), 'holdfast-pattern-'));
    tree = join(top, 'tree');
    for (const file of files) {
      mkdirSync(dirname(join(tree, file)), { recursive: true });
      writeFileSync(join(tree, file), '');
    }
    environment = {
      ...process.env,
      RESTIC_PASSWORD: 'x',
      RESTIC_REPOSITORY: join(top, 'repository'),
      RESTIC_CACHE_DIR: join(top, 'cache'),
    };
    await run('restic', ['init'], { env: environment });
  });
  after(() => rmSync(top, { recursive: true }));

  /** The paths restic says it saves. */
  async function savedByRestic(patterns: readonly string[]): Promise<string[]> {
    const excludes = patterns.flatMap((pattern) => ['--exclude', pattern]);
    const { stdout } = await run(
      'restic',
      ['backup', '--dry-run', '--json', '-vv', '--force', ...excludes, tree],
      {
        env: environment,
      },
    ).catch((error: { stdout: string; stderr: string }) => {
      // "snapshot is empty" is an error to restic.
      assert.match(error.stderr, /snapshot is empty/);
      return error;
    });
    return stdout
      .split('\n')
      .filter((line) => line.includes('"verbose_status"'))
      .map((line) => JSON.parse(line) as { action: string; item: string })
      .filter(({ action }) => action === 'new')
      .map(({ item }) => item.replace(/\/$/, ''))
      .filter((item) => item.startsWith(`${tree}/`))
      .sort();
  }

  function walked(patterns: readonly string[]): string[] {
    const rules = new IgnoreRules({ exclude: patterns });
    return [...walk([Buffer.from(tree)], rules)]
      .filter(({ kind }) => kind === 'entry' || kind === 'enter')
      .map(({ path }) => Buffer.from(path).toString())
      .filter((item) => item.startsWith(`${tree}/`))
      .sort();
  }

  for (const list of lists) {
    test(`excludes what restic excludes: ${list.join('   ')}`, async () => {
      const patterns = list.map((pattern) => pattern.replace('@', tree));
      assert.deepEqual(walked(patterns), await savedByRestic(patterns));
    });
  }
});

test('a malformed pattern is named', () => {
  for (const pattern of ['[', 'a/[]', '[a-]', '\\', 'x[^', '!b/[a']) {
    assert.throws(
      () => new PatternList([pattern]),
      (error) => isHoldfastError(error, 'usage') && error.message.includes(pattern.split('/').at(-1) ?? ''),
    );
  }
});

test('a rooted pattern tells which directories may lead to it', () => {
  const list = new PatternList(['/home/*/mail']);
  assert.deepEqual(list.match(['home']), { matched: false, childMayMatch: true });
  assert.deepEqual(list.match(['home', 'ann']), { matched: false, childMayMatch: true });
  assert.deepEqual(list.match(['etc']), { matched: false, childMayMatch: false });
  assert.deepEqual(list.match(['home', 'ann', 'mail', 'x']), { matched: true, childMayMatch: true });
});

test('a hostile name takes no longer than its length allows', () => {
  const list = new PatternList(['*a*a*a*a*a*a*a*a*a*a*b', '**/a/**/a/**/a/**/a/**/b']);
  const name = 'a'.repeat(255);
  assert.equal(list.match([...Array.from({ length: 200 }, () => 'a'), name]).matched, false);
});

test('names are met as a list shows them: ? for a control character, U+FFFD for what is no UTF-8', () => {
  const list = new PatternList(['[a]?.txt', 'x\ufffdy'], { names: true });
  const met = (name: string): boolean => list.match([name]).matched;
  assert.deepEqual(['[a]\n.txt', 'x\udcffy', 'x\udcfey'].map(met), [true, true, true]);
  assert.deepEqual(['[a].txt', 'xay', 'x\udcff'].map(met), [false, false, false]);
});

test('names are met letter by letter as well, and what nothing met is told', () => {
  const list = new PatternList(['[b]*.txt', '/a/[open', 'b*'], { names: true });
  assert.deepEqual([list.match(['x', '[b]*.txt']).matched, list.match(['a', '[open']).matched], [true, true]);
  assert.deepEqual(list.unmet, ['b*']);
});
