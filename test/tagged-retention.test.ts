import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { dayMs, HoldfastError, hourMs } from '../src/base/index.ts';
import { RestStore } from '../src/remote/index.ts';
import { forget } from '../src/repository/forget/forget.ts';
import { groupBy } from '../src/repository/forget/group-snapshots.ts';
import { encodeSnapshot } from '../src/repository/format/snapshot.ts';
import { initRepository } from '../src/repository/init-repository.ts';
import { Repository } from '../src/repository/repository.ts';
import { tagSnapshots } from '../src/repository/rewrite/tag-snapshots.ts';
import {
  cheapCost,
  dataBlob,
  fileNode,
  samplePassword,
  treeBlob,
  writePack,
  writeSnapshot,
} from '../src/repository/sample-repository.fixture.ts';
import type { StoredSnapshot } from '../src/repository/stored-snapshots.ts';
import type { ObjectId } from '../src/storage/index.ts';
import { GuardedServer } from './rig/guarded-server.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

const by = 'admin/ann';
const content = dataBlob('dear ann');
const tree = treeBlob(fileNode('letter', content));
const poison = treeBlob();

/** A history of ten days at a server, which a retention lock of three days holds. */
describe('a snapshot that is tagged at a server', () => {
  const place = temporaryDirectory();
  const agent = new Agent();
  let server: GuardedServer;
  let repository: Repository;
  let history: readonly StoredSnapshot[] = [];
  let runs = 0;

  const mayRemove = async (prune: boolean): Promise<void> => {
    await server.home.authority.clients.bound({ name: 'alpha', prune, by });
  };
  const arrivals = async (): Promise<ReadonlyMap<string, number | undefined>> =>
    new Map((await repository.snapshots()).map(({ id, arrivedMs }) => [id, arrivedMs]));
  const tag = async (names: readonly string[]) =>
    tagSnapshots(repository, { names, filter: {}, change: { add: ['kept'], remove: [] } });
  const left = async (daily: number): Promise<readonly string[]> => {
    const summary = await forget(repository, {
      policy: { daily },
      groupOf: groupBy(['host', 'paths']),
      judgedBy: 'arrival',
      dryRun: true,
    });
    return summary.groups.flatMap(({ keep }) => keep.map(({ snapshot }) => snapshot.id));
  };
  /** Writes a snapshot in the place of another, as somebody would who has the certificate and knows the key. */
  const forge = async (old: ObjectId, part: Partial<StoredSnapshot> = {}): Promise<ObjectId | string> => {
    const [snapshot] = history;
    const json = encodeSnapshot({ ...(snapshot as StoredSnapshot), tree: poison.id, ...part });
    try {
      const { id, kept } = await repository.files.replaceSnapshot(old, json);
      return kept?.code ?? id;
    } catch (error) {
      if (error instanceof HoldfastError) return error.code;
      throw error;
    }
  };

  before(async () => {
    server = await GuardedServer.open(join(place.path, 'store'));
    await server.home.authority.policy.set('retention-lock', '3d', by);
  });
  beforeEach(async () => {
    const { clock } = server.home;
    await mayRemove(true);
    const here = new RestStore({ url: `${server.url}run${++runs}/`, agent });
    const made = await initRepository(here, { password: samplePassword, cost: cheapCost, clock });
    await made.saveIndex([await writePack(made, content, tree, poison)]);
    const { id, version, polynomial, masterKey } = made;
    repository = new Repository({ store: here, config: { id, version, polynomial }, masterKey, clock });
    for (let day = 0; day < 10; day++) {
      const timeNs = BigInt(clock.now()) * 1_000_000n;
      await writeSnapshot(repository, tree, { timeNs, hostname: 'laptop', paths: ['/home'] });
      clock.advance(dayMs);
    }
    history = await repository.snapshots();
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('keeps its arrival, its place and its own removal in the trash; the server takes it for no backup', async () => {
    const [oldest, ...others] = history;
    const { changed } = await tag([oldest!.id]);
    const id = changed[0]?.id ?? '';
    const now = await arrivals();
    assert.deepEqual([now.size, now.get(id), changed[0]?.kept], [10, oldest!.arrivedMs, undefined]);
    assert.deepEqual(new Set(await left(10)), new Set([id, ...others.map((each) => each.id)]));
    assert.equal(
      server.events.findLast(({ type, method }) => type === 'snapshots' && method === 'POST')?.isReplacement,
      true,
    );
    const groups = await server.trash.list({ client: 'alpha' });
    assert.ok(groups.some(({ snapshots }) => snapshots === 1));
  });

  it('within the lock, or where nothing may be removed, stands beside the old one and takes no place', async () => {
    const newest = history.at(-1) as StoredSnapshot;
    const locked = await tag([newest.id]);
    assert.equal(locked.changed[0]?.kept?.code, 'retention_locked');
    await mayRemove(false);
    const kept = await tag([history[0]!.id]);
    assert.equal(kept.changed[0]?.kept?.code, 'append_only');
    assert.equal((await arrivals()).size, 12);
    assert.equal((await left(10)).length, 12);
    assert.deepEqual(new Set(await left(1)), new Set([newest.id, locked.changed[0]?.id]));
  });

  it('gives nobody an arrival that may not remove, or of what the lock holds', async () => {
    await mayRemove(false);
    assert.equal(await forge(history[0]!.id), 'append_only');
    await mayRemove(true);
    assert.equal(await forge(history.at(-1)!.id), 'retention_locked');
    const now = await arrivals();
    const forged = [...now].filter(([id]) => !history.some((each) => each.id === id));
    assert.deepEqual(
      forged.map(([, arrivedMs]) => arrivedMs),
      [server.home.clock.now(), server.home.clock.now()],
    );
    // Of all that was made up together one place of today is taken.
    const kept = await left(8);
    for (const { id } of history.slice(3)) assert.ok(kept.includes(id));
  });

  it('takes the lock from no snapshot that is there, and one arrival is given once', async () => {
    const [oldest, second] = history;
    const newest = history.at(-1) as StoredSnapshot;
    // The newest is to count as old: its bytes are sent again in the place of one that may go.
    const bytes = await repository.store.read({ type: 'snapshots', name: newest.id });
    await repository.store.write({ type: 'snapshots', name: newest.id }, [bytes], {
      size: bytes.length,
      replaces: oldest!.id,
    });
    assert.equal((await arrivals()).get(newest.id), newest.arrivedMs);
    await assert.rejects(repository.store.remove({ type: 'snapshots', name: newest.id }), {
      code: 'retention_locked',
    });
    const once = await forge(second!.id);
    const again = await forge(second!.id, { username: 'again' });
    const now = await arrivals();
    assert.equal(now.get(once), second!.arrivedMs);
    assert.equal(now.get(again), server.home.clock.now(), 'what is gone gives nothing');
    server.home.clock.advance(hourMs);
  });
});
