import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { findGoProgram, resticFromSource } from '../scripts/go-programs.ts';
import { launcher, runProgram } from './rig/holdfast-process.ts';
import { runHere } from './rig/run-here.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

interface Snapshot {
  readonly id: string;
  readonly tree: string;
  readonly tags?: readonly string[];
  readonly original?: string;
}

/** Two snapshots; in each case some packs of the first are lost, and what only the second has is not. */
describe('holdfast repair snapshots', () => {
  let place: TemporaryDirectory;
  /** The packs of directories and those of contents, of the first backup. */
  let first: { readonly trees: readonly string[]; readonly contents: readonly string[] };
  const at = (...names: string[]): string => join(place.path, ...names);
  const env = { RESTIC_PASSWORD: 'a password' };
  const there = (repo: string) => [
    '--home',
    at('home'),
    '--repo',
    at(repo),
    '--password-file',
    at('password'),
  ];
  const run = async (repo: string, ...words: string[]) =>
    await runHere([...words, ...there(repo)], { HOME: place.path });
  const restic = async (repo: string, words: readonly string[], program = 'restic'): Promise<string> =>
    (await runProgram(program, ['-r', at(repo), '--no-cache', ...words], { env })).stdout;
  const snapshots = async (repo: string): Promise<Snapshot[]> =>
    JSON.parse(await restic(repo, ['snapshots', '--json'])) as Snapshot[];
  const packs = (repo: string): string[] =>
    readdirSync(at(repo, 'data'), { recursive: true })
      .map(String)
      .filter((name) => name.length > 60);
  const damaged = (repo: string, gone: readonly string[]): void => {
    cpSync(at('whole'), at(repo), { recursive: true });
    for (const pack of gone) rmSync(at(repo, 'data', pack));
  };

  before(async () => {
    place = temporaryDirectory();
    writeFileSync(at('password'), 'a password\n');
    mkdirSync(at('data/old/older'), { recursive: true });
    writeFileSync(at('data/large'), randomBytes(5_000_000));
    writeFileSync(at('data/old/older/letter'), 'of the first');
    assert.equal((await run('whole', 'backup', at('data'), '--init')).code, 0);
    const all = packs('whole');
    const size = (pack: string): number => readFileSync(at('whole/data', pack)).length;
    first = {
      trees: all.filter((pack) => size(pack) < 20_000),
      contents: all.filter((pack) => size(pack) >= 20_000),
    };
    mkdirSync(at('data/new'));
    writeFileSync(at('data/new/letter'), 'of the second');
    assert.equal((await run('whole', 'backup', at('data'))).code, 0);
  });
  after(() => place[Symbol.dispose]());

  it('leaves whole ones alone', async () => {
    assert.equal((await run('whole', 'repair', 'snapshots')).code, 0);
    assert.equal((await snapshots('whole')).length, 2);
  });

  it('says what it would do with --dry-run, makes others beside the damaged ones, and with --forget in their place', async () => {
    damaged('contents', first.contents);
    const before = await snapshots('contents');
    const tried = await runProgram(launcher, ['repair', 'snapshots', '--dry-run', ...there('contents')], {});
    assert.match(tried.stderr, /pieces lost .*\/data\/large/);
    assert.match(tried.stdout, /2 snapshots +would be repaired/);
    assert.deepEqual(await snapshots('contents'), before);
    assert.equal((await run('contents', 'repair', 'snapshots', 'latest')).code, 0);
    const beside = await snapshots('contents');
    assert.deepEqual([beside.length, beside.filter(({ tags }) => tags?.[0] === 'repaired').length], [3, 1]);
    assert.equal((await run('contents', 'repair', 'index')).code, 0);
    const forgetting = ['repair', 'snapshots', '--forget', '--path', at('data'), '--retry-lock', '1s'];
    assert.equal((await run('contents', ...forgetting)).code, 0);
    assert.match(await restic('contents', ['check', '--read-data']), /no errors were found/);
    await restic('contents', ['restore', 'latest', '--target', at('restored')]);
    const back = (...names: string[]): string =>
      readFileSync(join(at('restored'), at('data'), ...names), 'utf8');
    assert.deepEqual([back('new/letter'), back('large')], ['of the second', '']);
    assert.equal((await run('contents', 'check', '--read-data')).code, 0);
  });

  it('finds what has changed within a pack where a check has found that pack', async () => {
    damaged('changed', []);
    const [pack = ''] = first.contents;
    const bytes = readFileSync(at('changed/data', pack));
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    rmSync(at('changed/data', pack));
    writeFileSync(at('changed/data', pack), bytes);
    assert.equal((await run('changed', 'check', '--read-data')).error?.code, 'repository_damaged');
    assert.equal((await run('changed', 'repair', 'snapshots', '--forget', '--host', 'nobody')).code, 0);
    assert.equal((await run('changed', 'repair', 'snapshots', '--forget', '--tag', '')).code, 0);
    const { stdout } = await runProgram(
      launcher,
      ['ls', '-l', 'latest', join(at('data'), 'large'), ...there('changed')],
      {},
    );
    // The pieces that are whole are still there.
    const size = Number(/ (\d+) {2}\d{4}-/.exec(stdout)?.[1]);
    assert.ok(size > 0 && size < 5_000_000, stdout);
  });

  const newest = findGoProgram(resticFromSource);
  for (const [name, lost] of [
    ['of contents', 'contents'],
    ['of directories', 'trees'],
  ] as const)
    it(`makes the directories that restic makes without packs ${name}`, {
      skip: newest === undefined,
    }, async () => {
      const [ours, others] = [`ours-${lost}`, `restics-${lost}`];
      for (const repo of [ours, others]) damaged(repo, first[lost]);
      await restic(others, ['repair', 'index'], newest);
      await restic(others, ['repair', 'snapshots', '--forget'], newest);
      assert.equal((await run(ours, 'repair', 'index')).code, 0);
      assert.equal((await run(ours, 'repair', 'snapshots', '--forget')).code, 0);
      const trees = async (repo: string) =>
        (await snapshots(repo)).map(({ tree, original }) => [tree, original]);
      assert.deepEqual(await trees(ours), await trees(others));
      assert.match(await restic(ours, ['check', '--read-data']), /no errors were found/);
    });
});
