import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runHoldfast } from './rig/holdfast-process.ts';
import { errorIn } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

/** Words that look into snapshots, each with its options, in one repository. */
describe('in a repository of two snapshots', () => {
  let place: TemporaryDirectory;
  const at = (...names: string[]): string => join(place.path, ...names);
  const own = () => ['--home', at('home'), '--repo', at('repo')];
  const run = async (words: readonly string[], code = 0) => {
    const result = await runHoldfast([...words, ...own()]);
    assert.equal(result.code, code, `${words.join(' ')}: ${result.stderr}`);
    return result;
  };
  /** What a command prints, without the place of the test. */
  const lines = async (words: readonly string[]): Promise<string[]> => {
    const { stdout } = await run(words);
    return stdout.replaceAll(place.path, '').trimEnd().split('\n');
  };
  const json = async <T>(words: readonly string[]): Promise<T[]> =>
    (await run([...words, '--json'])).stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as T);

  before(async () => {
    place = temporaryDirectory();
    mkdirSync(at('data/Letters'), { recursive: true });
    writeFileSync(at('data/Letters/ann.txt'), 'dear ann');
    writeFileSync(at('data/Letters/bob.TXT'), 'dear bob');
    writeFileSync(at('data/old'), 'old');
    utimesSync(at('data/old'), 1_000_000_000, 1_000_000_000);
    writeFileSync(at('password'), 'of the repository\n');
    const first = ['--init', '--password-file', at('password'), '--tag', 'first'];
    await run(['backup', at('data'), ...first]);
    writeFileSync(at('data/Letters/ann.txt'), 'dear ann, again');
    renameSync(at('data/old'), at('data/renamed'));
    utimesSync(at('data/Letters/bob.TXT'), 1_100_000_000, 1_100_000_000);
    await run(['backup', at('data'), '--tag', 'second']);
  });
  after(() => place[Symbol.dispose]());

  const found = async (...words: string[]): Promise<string[]> =>
    (await lines(['find', ...words])).map((line) => line.slice('9c1f02ab  2026-11-20 10:00:00  '.length));

  it('find says where files are, the newest snapshot first', async () => {
    assert.deepEqual(await found('*.txt'), Array(2).fill('/data/Letters/ann.txt'));
    assert.deepEqual(await found('-i', '*.TXT', '-s', 'latest'), [
      '/data/Letters/ann.txt',
      '/data/Letters/bob.TXT',
    ]);
    assert.deepEqual(await found('LETTERS', '--ignore-case', '--type', 'dir', '--snapshot', 'latest~1'), [
      '/data/Letters',
    ]);
    assert.deepEqual(await found('*', '--type', 'file', '--newest', '2002-01-01'), [
      '/data/renamed',
      '/data/old',
    ]);
    assert.deepEqual(await found('*', '--oldest', '2004-01-01', '--newest', '2005-01-01'), [
      '/data/Letters/bob.TXT',
    ]);
    assert.deepEqual(await found('old', '--tag', 'first'), ['/data/old']);
    assert.match((await found('ann.txt', '--long', '--path', at('data')))[0] ?? '', /^-rw.*ann\.txt$/);
  });

  it('find says where what is stored is used, and ends with an error where nothing is found', async () => {
    const id = createHash('sha256').update('dear ann').digest('hex');
    const [blob] = await json<{ path: string; id: string; packs: string[] }>([
      'find',
      '--blob',
      id.slice(0, 12),
    ]);
    assert.deepEqual([blob?.path, blob?.id, blob?.packs.length], [at('data/Letters/ann.txt'), id, 1]);
    assert.match(
      (await found('--pack', blob?.packs[0] ?? '')).join('\n'),
      /blob .*\/data\/Letters\/ann\.txt/,
    );
    const [latest] = await json<{ tree: string }[]>(['snapshots', 'latest']);
    assert.match((await found('--tree', latest?.[0]?.tree ?? ''))[0] ?? '', /^tree .* \/$/);
    assert.match(
      (await run(['find', 'nothing', '--host', 'nobody'], 1)).stderr,
      /in 0 snapshots is called nothing/,
    );
    assert.equal(errorIn(await run(['find', 'nothing', '--json'], 1)).code, 'path_not_found');
    assert.equal(errorIn(await run(['find', '--blob', 'letter', '--json'], 2)).code, 'usage');
    assert.match((await run(['find', '[', '--json'], 1)).stderr, /path_not_found/);
    assert.match(
      (await run(['find', 'x', '-s', 'ab', '--tag', 'first'], 2)).stderr,
      /beside --snapshot latest/,
    );
    assert.match((await run(['find', 'x', '--oldest', 'soon'], 2)).stderr, /"soon" is no time/);
    assert.match((await run(['find', 'abcd', '--tree', '--long'], 2)).stderr, /do not go together/);
  });

  it('diff says what changed between two snapshots, or between folders of them', async () => {
    const changes = await lines(['diff', 'latest~1', 'latest']);
    assert.deepEqual(changes.slice(0, -1), [
      'M    /data/Letters/ann.txt',
      '-    /data/old',
      '+    /data/renamed',
    ]);
    assert.match(
      changes.at(-1) ?? '',
      /1 file changed +\+ 1 file, .* in \d+ blobs +- 1 file, .* in \d+ blobs/,
    );
    const folder = at('data/Letters');
    const words = ['diff', `latest~1:${folder}`, `latest:${folder}`, '--metadata', '--path', at('data')];
    assert.deepEqual((await lines(words)).slice(0, -1), ['M    /ann.txt', 'U    /bob.TXT']);
    const [last] = await json<{ changedFiles: number }>(['diff', 'latest', 'latest', '--tag', 'second']);
    assert.equal(last?.changedFiles, 0);
    await run(['diff', 'latest', 'latest', '--host', 'nobody'], 1);
  });

  it('dump writes a file, or an archive of a folder, which a link or a terminal is not for', async () => {
    const letter = at('data/Letters/ann.txt');
    assert.equal((await run(['dump', 'latest', letter])).stdout, 'dear ann, again');
    assert.equal((await run(['dump', 'latest', letter, '--tag', 'first'])).stdout, 'dear ann');
    assert.equal((await run(['dump', 'latest:/', letter, '--path', at('data')])).stdout, 'dear ann, again');
    const { stdout } = await run(['dump', `latest:${at('data')}`, '/Letters', '--archive', 'tar']);
    const inArchive = [...stdout.matchAll(/Letters\/\w+\.\w+|dear[ ,\w]+/g)].map(([text]) => text);
    assert.deepEqual(inArchive, ['Letters/ann.txt', 'dear ann, again', 'Letters/bob.TXT', 'dear bob']);
    await run(['dump', 'latest', `${letter}/x`], 1);
    await run(['dump', 'latest', letter, '--host', 'nobody'], 1);
  });

  it('restore makes a folder what the snapshot has, and says before what that is', async () => {
    const folder = at('data/Letters');
    const target = at('mirror');
    mkdirSync(at('mirror/more'), { recursive: true });
    writeFileSync(at('mirror/ann.txt'), 'mine');
    writeFileSync(at('mirror/more/file'), 'mine');
    const words = ['restore', `latest:${folder}`, '--target', target];
    const mirror = [...words, '--overwrite', 'if-changed', '--delete'];
    const planned = await lines([...mirror, '--dry-run']);
    assert.deepEqual(planned.slice(0, -1), [
      'update   /ann.txt',
      'restore  /bob.TXT',
      'delete   /more/file',
      'delete   /more',
    ]);
    assert.match(planned.at(-1) ?? '', /dry run +2 files .* 2 removed +nothing was changed/);
    assert.equal(readFileSync(at('mirror/ann.txt'), 'utf8'), 'mine');
    const [done] = await json<{ files: number; skipped: number; removed: number }>(mirror);
    assert.deepEqual([done?.files, done?.skipped, done?.removed], [2, 0, 2]);
    assert.deepEqual(readdirSync(target), ['ann.txt', 'bob.TXT']);
    const [again] = await json<{ files: number; skipped: number }>(mirror);
    assert.deepEqual([again?.files, again?.skipped], [0, 2]);
    assert.match(
      (await run([...words, '--delete'], 2)).stderr,
      /--delete means something beside --overwrite/,
    );
    assert.match((await run([...words, '--overwrite', 'never', '--verify'], 2)).stderr, /do not go together/);
    const whole = ['restore', 'latest', '--target', '/', '--overwrite', '--delete', '--json'];
    assert.equal(errorIn(await run(whole, 2)).code, 'usage');
    // Where the home and the repository lie, nothing of theirs goes.
    const { stderr } = await run([
      'restore',
      `latest:${folder}`,
      '--target',
      at(),
      '--overwrite',
      '--delete',
    ]);
    assert.match(stderr, /\/home stays: Holdfast itself lives there[^]*\/repo stays/);
    assert.deepEqual(readdirSync(at()).sort(), ['ann.txt', 'bob.TXT', 'home', 'repo']);
  });
});
