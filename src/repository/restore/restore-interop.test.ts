import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { LocalStore } from '../../storage/index.ts';
import { initRepository } from '../init-repository.ts';
import type { Repository } from '../repository.ts';
import { cheapCost, samplePassword } from '../sample-repository.fixture.ts';
import { type RestoreOptions, type RestoreSummary, restore } from './restore.ts';
import { verify } from './verify.ts';

/** Makes one of everything that restic 0.14 saves; devices, owners and the like need root. */
const makeTree = String.raw`
  set -e
  mkdir -p plain/deep/deeper empty "$(printf 'odd\377dir')" modes
  printf hello > plain/small; : > plain/nothing; printf x > "$(printf 'odd\377dir/\200\n"\\name')"
  head -c 9000000 /dev/urandom > plain/large
  { head -c 3000000 /dev/zero; printf end; head -c 5000000 /dev/zero; } > plain/sparse
  head -c 200000 /dev/zero > plain/zeros
  i=0; while [ $i -lt 300 ]; do echo "file $i" > plain/deep/f$i; i=$((i + 1)); done
  printf long > "plain/$(printf 'n%.0s' $(seq 255))"
  ln plain/small plain/deep/hard; ln plain/large again
  ln -s plain/small link; ln -s ../nowhere/at/all plain/dangling; ln link hardlink-of-link
  mkfifo plain/pipe
  printf s > modes/suid; chmod 4755 modes/suid; printf s > modes/sgid; chmod 2711 modes/sgid
  mkdir modes/sticky modes/setgid modes/readonly; chmod 1777 modes/sticky; chmod 2775 modes/setgid
  printf r > modes/readonly/file
  setfattr -n user.comment -v 'some text' plain/small; setfattr -n user.binary -v 0x00ff0a plain/deep
  setfattr -n user.read-only -v x modes/readonly/file; chmod 0400 modes/readonly/file; setfattr -n user.empty plain/pipe 2>/dev/null || true
  setfacl -m u:1234:rwx plain/deep/f1; setfacl -d -m g:4321:rx plain/deep
  touch -d '1969-12-31 23:59:58.123456789Z' plain/small; touch -d '2001-02-03 04:05:06.000000001Z' plain/deep/f2
  touch -h -d '2010-10-10 10:10:10.101010101Z' link; touch -d '2033-05-18 03:33:20.999999999Z' plain/pipe
  if [ "$(id -u)" = 0 ]; then
    printf u > modes/unreadable; chmod 000 modes/unreadable
    mknod disk b 8 17; mknod tty c 4 7; chmod 640 disk
    chown 1001:1002 plain/deep/f3; chown -h 77:88 link; chown 1003 modes/suid modes/sticky; chmod 4755 modes/suid
    setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 plain/deep/f4
  fi
  chmod 0555 modes/readonly; touch -d '2002-02-02 02:02:02.2Z' modes/readonly empty "$(printf 'odd\377dir')" .`;

const shell = (directory: string, script: string): string =>
  execFileSync('sh', ['-c', script], { cwd: directory, encoding: 'latin1', maxBuffer: 2 ** 26 });

/** What the system's tools say of everything in a directory. */
function describeTree(directory: string): Record<string, string[]> {
  const lines = (script: string): string[] => shell(directory, script).split(/[\0]/).sort();
  return {
    nodes: lines(
      String.raw`find . -mindepth 1 -printf '%P %y %m %U %G %n %T@ %l %D\0' | sed -z 's/ [0-9]*$//'`,
    ),
    sizes: lines(String.raw`find . -type f -printf '%P %s\0'`),
    devices: lines(String.raw`find . -type b -o -type c | xargs -r stat -c '%n %t:%T'`),
    content: lines('find . -type f -print0 | xargs -0 sha256sum -z'),
    xattrs: [
      shell(directory, 'find . -print0 | sort -z | xargs -0 getfattr -d -m - -h -e hex 2>/dev/null || true'),
    ],
    links: hardLinks(lines(String.raw`find . ! -type d -links +1 -printf '%i %P\0'`)),
  };
}

function assertSameTree(actual: string, expected: string): void {
  const found = describeTree(actual);
  for (const [aspect, lines] of Object.entries(describeTree(expected))) {
    const differing = new Set(lines).symmetricDifference(new Set(found[aspect]));
    assert.deepEqual([...differing], [], aspect);
  }
}

/** Each name with the first name of the same file. */
function hardLinks(lines: readonly string[]): string[] {
  const names = lines.map(
    (line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)] as const,
  );
  const first = (inode: string): string | undefined =>
    names
      .filter(([other]) => other === inode)
      .map(([, name]) => name)
      .sort()[0];
  return names.map(([inode, name]) => `${name} is ${first(inode)}`).sort();
}

describe('a tree that restic saved', () => {
  let top: string;
  let source: string;
  let repository: Repository;
  let environment: NodeJS.ProcessEnv;
  before(async () => {
    top = mkdtempSync(join(tmpdir(), 'holdfast-restore-'));
    source = join(top, 'source');
    mkdirSync(source);
    shell(source, makeTree);
    const directory = join(top, 'repository');
    repository = await initRepository(new LocalStore(directory), {
      password: samplePassword,
      cost: cheapCost,
    });
    environment = {
      ...process.env,
      RESTIC_PASSWORD: samplePassword.reveal(),
      RESTIC_REPOSITORY: directory,
      RESTIC_CACHE_DIR: join(top, 'cache'),
    };
    restic('backup', source);
  });
  after(() => {
    shell(top, 'chmod -R u+rwx . && rm -rf -- *');
    rmSync(top, { recursive: true });
  });

  function restic(...args: readonly string[]): void {
    execFileSync('restic', ['-q', ...args], { env: environment, stdio: ['ignore', 'ignore', 'inherit'] });
  }

  async function restoreTo(
    name: string,
    options: Partial<RestoreOptions> = {},
  ): Promise<{ summary: RestoreSummary; problems: string[]; place: string }> {
    const problems: string[] = [];
    const target = join(top, name);
    const summary = await restore(repository, await repository.findSnapshot('latest'), {
      target,
      onProblem: ({ path, message }) => problems.push(`${path}: ${message}`),
      ...options,
    });
    return { summary, problems, place: join(target, source) };
  }

  test('is restored equal in everything the system’s tools can see', async () => {
    const { summary, problems, place } = await restoreTo('equal');
    assert.deepEqual(problems, []);
    assertSameTree(place, source);
    assert.equal(summary.problems, 0);
    assert.equal(summary.files, Number(shell(source, 'find . -type f -printf "%i\\n" | sort -u | wc -l')));
  });

  test('is restored over itself, and over what was changed, equal again', async () => {
    const { place } = await restoreTo('twice');
    shell(
      place,
      `chmod u+w modes/readonly; printf other > plain/small; rm plain/pipe link; mkfifo link; rm -r empty;        ln -s ${top} empty; setfattr -n user.new -v x plain/deep; printf more >> plain/large; rm plain/deep/f7`,
    );
    const { problems } = await restoreTo('twice', { overwrite: 'always' });
    assert.deepEqual(problems, []);
    assertSameTree(place, source);
  });

  test('has holes where there were zeros', async () => {
    const { place } = await restoreTo('holes');
    assert.equal(statSync(join(place, 'plain/sparse')).size, 8_000_003);
    assert.ok(statSync(join(place, 'plain/sparse')).blocks * 512 < 500_000);
    assert.ok(statSync(join(place, 'plain/zeros')).blocks * 512 < 100_000);
  });

  test('is compared with the original, and only what differs is named', async () => {
    const snapshot = await repository.findSnapshot('latest');
    const same = await verify(repository, snapshot);
    assert.deepEqual([same.equal, same.changed, same.different], [true, 0, []]);
    const { place } = await restoreTo('compared');
    shell(
      place,
      'printf jello > plain/small; printf "not random at all" | dd of=plain/large bs=1 seek=8000000 conv=notrunc 2>/dev/null; rm plain/deep/f9',
    );
    const { equal, different, files } = await verify(repository, snapshot, {
      restoredTo: join(top, 'compared'),
    });
    assert.equal(equal, false);
    assert.deepEqual(
      different.map((path) => path.replace(`${source}/`, '')),
      ['again', 'plain/deep/f9', 'plain/deep/hard', 'plain/large', 'plain/small'],
    );
    assert.equal(files, same.files);
  });

  test('is not restored at all when nothing is called as asked; a part that is not there is named', async () => {
    const missing = restoreTo('nothing', { include: ['nothing-at-all', '/no/where'] });
    await assert.rejects(missing, { code: 'path_not_found', message: /nothing-at-all or \/no\/where/ });
    const { summary, problems } = await restoreTo('some', { include: ['nothing-at-all', 'plain/deep'] });
    assert.ok(summary.files > 0);
    assert.deepEqual(problems, ['nothing-at-all: nothing in the snapshot is called that']);
  });

  for (const pattern of ['f1*', 'plain/deep', '@/plain/[ls]*', '**/f2', '@/mod*/s*', '*dir']) {
    test(`is restored in part as restic does it: --include ${pattern}`, async () => {
      const include = pattern.replace('@', source);
      const name = `include-${pattern.replaceAll(/\W/g, '_')}`;
      const { problems, place } = await restoreTo(name, { include: [include] });
      assert.deepEqual(problems, []);
      restic('restore', 'latest', '--target', join(top, `${name}-restic`), '--include', include);
      const list = (directory: string): string =>
        shell(top, `cd '${directory}' 2>/dev/null && find . ! -type d | sort || true`);
      assert.equal(list(place), list(join(top, `${name}-restic`, source)));
    });
  }
});

test('what is in the way of a restore is left alone unless it may be overwritten', async () => {
  const top = mkdtempSync(join(tmpdir(), 'holdfast-restore-'));
  try {
    const repository = await initRepository(new LocalStore(join(top, 'repository')), {
      password: samplePassword,
      cost: cheapCost,
    });
    mkdirSync(join(top, 'target'));
    writeFileSync(join(top, 'target/mine'), 'mine');
    const tree = { tree: '0'.repeat(64) as never };
    for (const target of [join(top, 'target'), join(top, 'target/mine')]) {
      await assert.rejects(restore(repository, tree, { target }), { code: 'target_not_empty' });
    }
    assert.equal(shell(top, 'find target -type f | xargs cat'), 'mine');
  } finally {
    rmSync(top, { recursive: true });
  }
});
