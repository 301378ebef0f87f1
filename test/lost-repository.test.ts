import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { flipBit } from './rig/damage.ts';
import { type ProgramResult, runHoldfast, startHoldfast } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { Prng } from './rig/prng.ts';
import { assertRefused, errorIn } from './rig/refusal.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

interface Key {
  readonly place: string;
  readonly repository: string;
  readonly lastBackup: { readonly snapshot: string; readonly time: string };
  readonly escrowed: boolean;
}

/** Nothing here uses the kit or a password, and what each backup saved comes back. */
describe('a client with months of snapshots survives', () => {
  let place: TemporaryDirectory;
  let network: Network;
  let client: NetworkClient;
  const snapshots: string[] = [];
  const contents = new Map<string, Buffer>();
  const at = (...names: string[]): string => join(place.path, ...names);
  const stored = (): string => join(network.home, 'store', 'laptop');

  before(async () => {
    place = temporaryDirectory();
    network = await Network.start(at('server'));
    client = await network.join('laptop', at('laptop'));
    mkdirSync(at('data'));
    for (const month of ['january', 'february', 'march']) {
      await backUp(month);
      if (month === 'february') copy(stored(), at('last-week'));
    }
  });
  after(async () => {
    await network[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  function run(...words: string[]): Promise<ProgramResult> {
    return runHoldfast([...words, '--json', '--home', client.home]);
  }

  /** Changes the data and saves it. */
  async function backUp(name: string): Promise<ProgramResult> {
    const content = Buffer.from(new Prng(name).bytes(200_000));
    writeFileSync(at('data', name), content);
    const result = await run('backup', at('data'));
    assert.equal(result.code, 0, result.stderr);
    const { snapshot } = JSON.parse(result.stdout) as { snapshot: string };
    snapshots.push(snapshot);
    contents.set(name, content);
    return result;
  }

  /** Asserts that a snapshot has all that was saved so far, or the files named. */
  async function assertRestores(
    snapshot = 'latest',
    names: Iterable<string> = contents.keys(),
  ): Promise<void> {
    rmSync(at('back'), { recursive: true, force: true });
    const restored = await run('restore', snapshot, '--target', at('back'));
    assert.equal(restored.code, 0, restored.stderr);
    for (const name of names)
      assert.deepEqual(readFileSync(join(at('back'), at('data', name))), contents.get(name), name);
  }

  async function keys(): Promise<Key[]> {
    return JSON.parse((await run('key', 'kept')).stdout) as Key[];
  }

  it('a store that is not mounted', async () => {
    renameSync(join(network.home, 'store'), at('away'));
    const words = ['backup', at('data'), '--home', client.home];
    await assertRefused(words, { code: 'store_missing', exit: 1, untouched: at('server') });
    renameSync(at('away'), join(network.home, 'store'));
    await assertRestores();
  });

  it('a server that answers that there is no such repository', async () => {
    const [key] = await keys();
    assert.equal(key?.place, 'network.test/laptop/');
    assert.equal(key.lastBackup.snapshot, snapshots.at(-1));
    assert.equal(key.escrowed, true);
    renameSync(stored(), at('away'));
    const message = new RegExp(
      `${key.repository.slice(0, 8)}, last backed up to ${key.lastBackup.time} \\(snapshot ${key.lastBackup.snapshot.slice(0, 8)}\\)`,
    );
    const refusal = {
      code: 'repository_gone',
      exit: 10,
      message,
      hint: /--start-over/,
      untouched: at('server'),
    } as const;
    for (const words of [['backup', at('data')], ['backup', '--init', at('data')], ['snapshots']])
      await assertRefused([...words, '--home', client.home], refusal);
    const status = await run('status');
    assert.match(status.stdout, /the backup of .* failed: there is no repository at/);
    mkdirSync(stored());
    await assertRefused(['backup', at('data'), '--home', client.home], refusal);
    rmSync(stored(), { recursive: true });
    renameSync(at('away'), stored());
    assert.deepEqual(await keys(), [key]);
    await assertRestores();
  });

  it('a server that shows another repository', async () => {
    const other = await network.join('other', at('other'));
    await other.run(['backup', at('data')]);
    const [key] = await keys();
    renameSync(stored(), at('away'));
    copy(join(network.home, 'store', 'other'), stored());
    const message = new RegExp(`another repository than repository ${key?.repository.slice(0, 8)}`);
    for (const words of [
      ['backup', at('data')],
      ['backup', '--start-over', at('data')],
    ]) {
      const refusal = { code: 'repository_wrong_key', exit: 12, message, untouched: at('server') } as const;
      await assertRefused([...words, '--home', client.home], refusal);
    }
    rmSync(stored(), { recursive: true });
    renameSync(at('away'), stored());
    assert.deepEqual(await keys(), [key]);
    await assertRestores();
  });

  it('another beginning, when that is said: the one of before is used again once it is back', async () => {
    const [key] = await keys();
    const there = await run('backup', '--start-over', at('data'));
    assert.equal(errorIn(there).code, 'repository_exists');
    renameSync(stored(), at('away'));
    const begun = await run('backup', '--start-over', at('data'));
    assert.equal(begun.code, 0, begun.stderr);
    await assertRestores();
    assert.deepEqual((await keys()).map(({ repository }) => repository).slice(1), [key?.repository]);
    rmSync(stored(), { recursive: true });
    renameSync(at('away'), stored());
    const again = await backUp('april');
    assert.match(again.stderr, /is an earlier repository of this machine again; repository \w{8}/);
    assert.equal((await keys())[0]?.repository, key?.repository);
    await assertRestores();
  });

  it('a store that was restored from last week', async () => {
    renameSync(stored(), at('away'));
    copy(at('last-week'), stored());
    const missed = snapshots.at(-1) ?? '';
    const again = await backUp('may');
    assert.match(again.stderr, new RegExp(`snapshot ${missed.slice(0, 8)} of .*, the last of this machine`));
    assert.match((await run('status')).stdout, new RegExp(`snapshot ${missed.slice(0, 8)} of .* is not at`));
    await assertRestores();
    const checked = await run('check', '--read-data');
    assert.equal(checked.code, 0, checked.stderr);
    assert.doesNotMatch((await backUp('june')).stderr, /the last of this machine/);
    await assertRestores();
    rmSync(at('away'), { recursive: true });
  });

  for (const [kind, pattern] of Object.entries({
    config: 'config',
    keys: 'keys/*',
    index: 'index/*',
    snapshots: 'snapshots/*',
    data: 'data/*/*',
  })) {
    it(`one byte flipped in a file of ${kind}`, async () => {
      const first = snapshots[0] ?? '';
      const [file = ''] = globSync(pattern, { cwd: stored() })
        .filter((name) => !name.includes(first))
        .toSorted((a, b) => statSync(join(stored(), b)).size - statSync(join(stored(), a)).size);
      flipBit(join(stored(), file));
      const result = await backUp(`after-${kind}`);
      if (kind === 'config') assert.match(result.stderr, /the config of .* is damaged/);
      const listed = await run('snapshots');
      assert.equal(listed.code, 0, listed.stderr);
      assert.doesNotMatch(listed.stderr, /wrong_key|password/);
      // Of damaged data what is in other packs comes back, and what does not is named.
      if (kind !== 'data') await assertRestores();
      else {
        const restored = await run('restore', 'latest', '--target', at('partly'));
        assert.equal(restored.code, 1);
        assert.match(restored.stderr, /restore_incomplete/);
        const name = [...contents.keys()].at(-1) ?? '';
        assert.deepEqual(readFileSync(join(at('partly'), at('data', name))), contents.get(name));
      }
      flipBit(join(stored(), file));
      if (kind === 'data') await assertRestores();
    });
  }

  it('a server that has moved', async () => {
    await network.run(['ca', 'move', at('authority.age')]);
    await network.server.ended;
    const home = at('moved');
    const words = ['ca', 'restore', at('authority.age'), '--kit', join(network.home, 'recovery-kit.txt')];
    const here = ['--home', home, '--names', '127.0.0.1', '--port', String(network.port)];
    const restored = await runHoldfast([...words, ...here]);
    assert.equal(restored.code, 0, restored.stderr);
    await using server = startHoldfast(['serve', '--home', home]);
    await server.waitFor(/listening/);
    assert.equal(errorIn(await run('backup', at('data'))).code, 'store_missing');
    renameSync(join(network.home, 'store'), join(home, 'store'));
    await client.run(['backup', at('data')]);
    await assertRestores();
  });
});

/** With modes, times and names that begin with a dot. */
function copy(from: string, to: string): void {
  execFileSync('cp', ['-a', from, to]);
}
