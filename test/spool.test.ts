import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProgramResult } from './rig/holdfast-process.ts';
import { Network, type NetworkClient } from './rig/network.ts';
import { Prng } from './rig/prng.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

let place: TemporaryDirectory;
let network: Network;
let client: NetworkClient;
let id: string;
const at = (...names: string[]): string => join(place.path, ...names);
const spool = (...names: string[]): string => join(client.home, 'node', 'spool', id, ...names);

interface Shown {
  readonly id: string;
  readonly state: string;
  readonly waiting?: { readonly versions: number; readonly refused?: { readonly message: string } };
  readonly last: { readonly result: string; readonly snapshot?: string; readonly sent?: number };
}
interface SnapshotLine {
  readonly id: string;
  readonly time: string;
  readonly parent?: string;
  readonly files: number;
}
const shown = async (): Promise<Shown> =>
  JSON.parse((await client.run(['set', 'show', 'papers', '--json'])).stdout) as Shown;
const snapshots = async (): Promise<SnapshotLine[]> =>
  JSON.parse((await client.run(['snapshots', '--json'])).stdout) as SnapshotLine[];

/** Saves what has changed in the folder, as the agent has it done. */
async function saveLive(expected = 0): Promise<ProgramResult> {
  writeFileSync(
    at('changes'),
    JSON.stringify({ format: 1, whole: false, directories: [at('data')], trees: [] }),
  );
  return await client.run(['set', 'run', 'papers', '--changes', at('changes')], expected);
}

/** So much new content as nothing makes smaller. */
function write(version: number): void {
  writeFileSync(at('data', 'file'), new Prng(version).bytes(300_000));
}

const saved = new Map<string, number>();
let restored = 0;
/** The files of a version that was kept. */
async function note(version: number): Promise<void> {
  const { last } = await shown();
  assert.equal(last.result, 'kept');
  saved.set(last.snapshot ?? '', version);
}

/** That each version that was kept is at the server, as it was, in the order in which it was made, and once. */
async function assertAllThere(): Promise<void> {
  const there = await snapshots();
  const kept = there.filter(({ id: snapshot }) => saved.has(snapshot));
  assert.deepEqual(
    kept.map(({ id: snapshot }) => snapshot),
    [...saved.keys()],
  );
  for (const [snapshot, version] of saved) {
    const to = at('to', `${restored++}`);
    await client.run(['restore', snapshot, '--target', to]);
    const bytes = new Prng(version).bytes(300_000);
    assert.ok(bytes.equals(readFileSync(join(to, at('data', 'file')))));
  }
  await client.run(['check', '--read-data']);
}

before(async () => {
  place = temporaryDirectory();
  network = await Network.start(at('server'));
  client = await network.join('client', at('client'));
  mkdirSync(at('data', 'deep'), { recursive: true });
  for (let n = 0; n < 20; n++) writeFileSync(at('data', 'deep', `${n}`), new Prng(n).bytes(50_000));
  await client.run(['set', 'add', 'papers', at('data'), '--live', '--spread', '0']);
  await client.run(['set', 'run', 'papers']);
  ({ id } = await shown());
});
after(async () => {
  await network[Symbol.asyncDispose]();
  place[Symbol.dispose]();
});

describe('a live set whose server is out of reach', { timeout: 300_000 }, () => {
  it('keeps each version here, without what the server has', async () => {
    await network.server.stop();
    for (let version = 1; version <= 3; version++) {
      write(version);
      const { stdout } = await saveLive();
      assert.match(stdout, /kept here/);
      await note(version);
    }
    const { state, waiting } = await shown();
    assert.deepEqual([state, waiting?.versions], ['ok', 3]);
    // Of each version what is new, and nothing of the megabyte that the server has.
    const sizes = readdirSync(spool(), { recursive: true, withFileTypes: true })
      .filter((each) => each.isFile())
      .map(({ parentPath, name }) => statSync(join(parentPath, name)).size);
    assert.ok(sizes.reduce((sum, size) => sum + size, 0) < 1_000_000);
    assert.match((await client.run(['status'])).stdout, /3 versions kept here since/);
    assert.match((await client.run(['set', 'remove', 'papers'], 1)).stderr, /set_waits/);
  });

  it('keeps no more than it may, thins by its rule first, and says so', async () => {
    await client.run(['client', 'set', 'spool', '1200kB']);
    write(4);
    assert.match((await saveLive(1)).stderr, /spool_full/);
    const { state, waiting } = await shown();
    assert.equal(state, 'failed');
    assert.equal(waiting?.versions, 3);
    assert.match(waiting.refused?.message ?? '', /bytes were to be kept/);
    assert.match((await client.run(['status'])).stderr, /could not be kept here/);
    await client.run([
      'set',
      'add',
      'papers',
      at('data'),
      '--live',
      '--keep',
      'last=2',
      '--spread',
      '0',
      '--replace',
    ]);
    assert.match((await saveLive()).stderr, /1 version that waited went/);
    saved.delete([...saved.keys()][0] ?? '');
    await note(4);
    await client.run(['client', 'set', 'spool', '10GB']);
    await client.run(['set', 'add', 'papers', at('data'), '--live', '--spread', '0', '--replace']);
    assert.equal((await shown()).waiting?.versions, 3);
  });

  it('sends them when it answers again, the oldest first, and goes on from them', async () => {
    await network.restart();
    write(5);
    await client.run(['set', 'run', 'papers']);
    const { last, waiting, state } = await shown();
    assert.deepEqual([state, last.sent, waiting], ['ok', 3, undefined]);
    assert.ok(!existsSync(spool()));
    await assertAllThere();
    const [newest] = (await snapshots()).toReversed();
    assert.equal(newest?.parent, [...saved.keys()].at(-1));
    assert.equal(newest?.files, 21);
  });

  it('loses none, and sends none twice, though it is killed at any moment of that', async () => {
    saved.clear();
    await network.server.stop();
    for (let version = 6; version <= 9; version++) {
      write(version);
      await using keeping = client.start(['set', 'run', 'papers']);
      await sleep(200 * version);
      await keeping.stop('SIGKILL');
      await saveLive();
      await note(version);
    }
    await network.restart();
    const { waiting } = await shown();
    for (let round = 0; round < 8 && (await shown()).waiting !== undefined; round++) {
      await using sending = client.start(['set', 'run', 'papers']);
      await sleep(700 + 60 * round);
      await sending.stop('SIGKILL');
    }
    assert.ok((waiting?.versions ?? 0) >= 4);
    await client.run(['unlock', '--remove-all']);
    await client.run(['set', 'run', 'papers']);
    assert.ok(!existsSync(spool()));
    await assertAllThere();
  });

  it('keeps nothing where the server is there and refuses', async () => {
    await network.run(['node', 'quarantine', 'client', '--reason', 'theft']);
    write(10);
    assert.match((await saveLive(23)).stderr, /quarantine/);
    assert.ok(!existsSync(spool()));
    const { waiting, last } = await shown();
    assert.deepEqual([waiting, last.result], [undefined, 'failed']);
  });
});
