import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { assertSameTree } from './rig/compare-trees.ts';
import { flipBit } from './rig/damage.ts';
import { makeDataTree } from './rig/data-tree.ts';
import {
  launcher,
  type RunningProgram,
  runHoldfast,
  runProgram,
  startHoldfast,
} from './rig/holdfast-process.ts';
import { errorIn } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

/** Why nothing can be mounted here; said loudly, since the kernel's side of it is then not tried at all. */
const cannotMount = whyNot();

function whyNot(): string | false {
  if (process.getuid?.() !== 0) return 'MOUNT IS NOT TESTED: it takes root';
  return statSync('/dev/fuse', { throwIfNoEntry: false }) === undefined
    ? 'MOUNT IS NOT TESTED: there is no /dev/fuse; mknod /dev/fuse c 10 229 makes one'
    : false;
}

const nobody = ['--reuid=65534', '--regid=65534', '--clear-groups'];

describe('a mounted repository', { skip: cannotMount }, () => {
  let place: TemporaryDirectory;
  const at = (...names: string[]): string => join(place.path, ...names);
  const own = (): string[] => ['--home', at('home'), '--repo', at('repo'), '--password-file', at('password')];
  const run = async (words: readonly string[], code = 0) => {
    const result = await runHoldfast([...words, ...own()]);
    assert.equal(result.code, code, `${words.join(' ')}: ${result.stderr}`);
    return result;
  };
  const mount = async (...more: string[]): Promise<RunningProgram> => {
    const program = startHoldfast(['mount', at('mnt'), ...more, ...own()]);
    await program.waitFor(/^ {2}mounted /m);
    return program;
  };
  const end = async (program: RunningProgram): Promise<string> => {
    const { code, stderr } = await program.stop();
    assert.equal(code, 0, stderr);
    assert.deepEqual(readdirSync(at('mnt')), []);
    return stderr;
  };
  const latest = (...names: string[]): string => at('mnt/snapshots/latest', at('data'), ...names);

  before(async () => {
    place = temporaryDirectory();
    chmodSync(place.path, 0o755);
    mkdirSync(at('data'));
    mkdirSync(at('mnt'));
    writeFileSync(at('password'), 'of the repository\n');
    await run(['backup', at('password'), '--init', '--tag', 'a/b', '--host', 'elsewhere']);
    await makeDataTree(at('data'), { seed: 5 });
    await run(['backup', at('data'), '--tag', 'tree', '--host', 'laptop']);
  });
  after(async () => {
    // What a failed test has left.
    await runProgram('sh', ['-c', `umount -ql '${at('mnt')}' || true`]);
    place[Symbol.dispose]();
  });

  it('has every file as it was, for whoever lists, reads, copies or archives it', async () => {
    const program = await mount();
    const compare = async (): Promise<void> => assertSameTree(latest(), at('data'));
    await compare();
    await runProgram('cp', ['-a', latest('.'), at('copied')]);
    assertSameTree(at('copied'), at('data'));
    const archive = `tar --xattrs --xattrs-include='*' -C '${latest()}' -cf - . | tar --xattrs --xattrs-include='*' -xpf - -C '${at('untarred')}' --delay-directory-restore`;
    mkdirSync(at('untarred'));
    await runProgram('bash', ['-o', 'pipefail', '-c', archive]);
    // Many at once, each from a cold kernel.
    await runProgram('umount', [at('mnt')]);
    assert.equal((await program.ended).code, 0);
    const again = await mount();
    await Promise.all(
      Array.from({ length: 4 }, () =>
        runProgram('diff', [
          '-r',
          '--no-dereference',
          '-x',
          '*fifo*',
          '-x',
          '*pipe*',
          '-x',
          '*socket*',
          '-x',
          '*dev*',
          latest(),
          at('data'),
        ]),
      ),
    );
    assert.equal(await end(again), '');
  });

  it('is laid out by id, time, host and tag, and only with what the filters let through', async () => {
    const names = async (...path: string[]): Promise<string[]> => (await readdir(at('mnt', ...path))).sort();
    const all = await mount();
    assert.deepEqual(await names(), ['hosts', 'ids', 'snapshots', 'tags']);
    assert.deepEqual(await names('hosts'), ['elsewhere', 'laptop']);
    assert.deepEqual(await names('tags'), ['a_b', 'tree']);
    assert.equal((await names('ids')).length, 2);
    const [first = '', second = '', link] = await names('snapshots');
    assert.match(first, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)$/);
    assert.deepEqual([link, await readlink(at('mnt/snapshots/latest'))], ['latest', second]);
    assert.deepEqual(await names('hosts/elsewhere'), [first, 'latest']);
    await end(all);
    for (const filter of [
      ['--host', 'laptop'],
      ['--path', at('data')],
      ['--tag', 'tree'],
    ]) {
      const some = await mount(...filter);
      assert.deepEqual([await names('hosts'), (await names('ids')).length], [['laptop'], 1]);
      await end(some);
    }
  });

  it('shows what is backed up while it is mounted, and latest moves', async () => {
    const program = await mount();
    const before = await readlink(at('mnt/snapshots/latest'));
    writeFileSync(at('data/later'), 'written later');
    await run(['backup', at('data')]);
    while ((await readlink(at('mnt/snapshots/latest'))) === before) await sleep(200);
    assert.equal(readFileSync(latest('later'), 'utf8'), 'written later');
    await end(program);
  });

  it('is seen by other users only with --allow-other, and then as the modes let them', async () => {
    writeFileSync(at('data/public'), 'for all', { mode: 0o644 });
    writeFileSync(at('data/secret'), 'for root', { mode: 0o600 });
    chmodSync(at('data'), 0o755);
    await run(['backup', at('data')]);
    const cat = (name: string, expected: number) =>
      runProgram('setpriv', [...nobody, 'cat', latest(name)], { expected });
    const closed = await mount();
    await cat('public', 1);
    await end(closed);
    const open = await mount('--allow-other');
    assert.equal((await cat('public', 0)).stdout, 'for all');
    assert.match((await cat('secret', 1)).stderr, /Permission denied/);
    await end(open);
  });

  it('is mounted for a user by fusermount3', async () => {
    const script = [
      `mknod '${at('fuse')}' c 10 229; chmod 666 '${at('fuse')}'; mount --bind '${at('fuse')}' /dev/fuse`,
      `cp -r '${at('repo')}' '${at('password')}' '${at('of-nobody')}'; chown -R nobody '${at('of-nobody')}'`,
      `cd '${at('of-nobody')}'; exec setpriv ${nobody.join(' ')} '${launcher}' mount mnt --repo repo --password-file password --home home`,
    ];
    mkdirSync(at('of-nobody/mnt'), { recursive: true });
    const program = startHoldfast(['-m', 'sh', '-ec', script.join('\n')], {
      program: 'unshare',
      env: { HOME: at('of-nobody'), XDG_CACHE_HOME: at('of-nobody') },
    });
    await program.waitFor(/mounted/);
    const there = ['-t', String(program.pid), '-m'];
    const read = ['setpriv', ...nobody, 'cat', join(at('of-nobody/mnt/snapshots/latest'), at('data/secret'))];
    assert.equal((await runProgram('nsenter', [...there, ...read])).stdout, 'for root');
    const { code, stderr } = await program.stop();
    assert.deepEqual([code, stderr], [0, '']);
  });

  it('says what is damaged, once, and reads the rest', async () => {
    const name = at('data/damaged');
    writeFileSync(name, randomBytes(3_000_000));
    const packs = (): string[] =>
      readdirSync(at('repo/data'), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name));
    const before = new Set(packs());
    await run(['backup', at('data')]);
    const added = packs().filter((path) => !before.has(path));
    const largest = added.sort((a, b) => statSync(b).size - statSync(a).size)[0] ?? '';
    flipBit(largest);
    const program = await mount();
    for (const _ of [1, 2]) assert.throws(() => readFileSync(latest('damaged')), { code: 'EIO' });
    assert.equal(readFileSync(latest('public'), 'utf8'), 'for all');
    const stderr = await end(program);
    assert.match(
      stderr,
      /^warning: \/snapshots\/.*\/data\/damaged: pack [0-9a-f]{64}: data blob .* does not/,
    );
    assert.equal(stderr.trim().split('\n').length, 1, stderr);
    flipBit(largest);
  });

  it('is gone when the program is told to end though something is open, and says so', async () => {
    const program = await mount();
    await using reader = startHoldfast([latest('public'), '-f'], { program: 'tail' });
    await reader.waitFor(/for all/);
    assert.match(await end(program), /something was still open there/);
  });

  it('leaves a dead mount behind when it is killed, and the next one says how to take that away', async () => {
    const program = await mount();
    await program.stop('SIGKILL');
    const refused = errorIn(await run(['mount', at('mnt'), '--json'], 2));
    assert.equal(refused.code, 'mount_point_unusable');
    assert.match(refused.hint, /fusermount3 -u/);
    await runProgram('fusermount3', ['-u', at('mnt')]);
    assert.deepEqual(readdirSync(at('mnt')), []);
  });

  it('does not hide or fill anything: not its repository, the home, or a folder with something in it', async () => {
    mkdirSync(at('repo/mnt'));
    symlinkSync(at('repo/mnt'), at('link'));
    for (const [directory, message] of [
      [at('.'), /its own repository in it|the home of Holdfast in it/],
      [at('repo'), /its own repository in it/],
      [at('link'), /lies in its own repository/],
      [at('data'), /is not empty/],
      [at('password'), /is no folder/],
      [at('nowhere'), /does not exist/],
    ] as const) {
      const refused = errorIn(await run(['mount', directory, '--json'], 2));
      assert.equal(refused.code, 'mount_point_unusable', directory);
      assert.match(refused.message, message);
    }
  });
});
