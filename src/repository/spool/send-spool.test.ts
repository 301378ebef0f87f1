import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { isHoldfastError } from '../../base/index.ts';
import {
  CachedStore,
  ForwardingStore,
  MemoryStore,
  type ObjectRef,
  SpoolStore,
} from '../../storage/index.ts';
import { archive } from '../archive/archive.ts';
import type { ArchiveSummary } from '../archive/archive-options.ts';
import { check } from '../check/check.ts';
import { openRepository } from '../open-repository.ts';
import type { Repository } from '../repository.ts';
import { createSample } from '../sample-repository.fixture.ts';
import { openSpool } from './open-spool.ts';
import { sendSpool } from './send-spool.ts';
import { thinSpool } from './thin-spool.ts';

let place: string;
let server: Repository;
let here: MemoryStore;
const signal = new AbortController().signal;
const policy = { last: 1 };

beforeEach(async () => {
  place = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-spool-')));
  mkdirSync(join(place, 'top/deep'), { recursive: true });
  for (let n = 0; n < 5; n++) writeFileSync(join(place, 'top/deep', `${n}`), `${n}`.repeat(9000));
  const { repository } = await createSample();
  const store = await CachedStore.open(repository.store, join(place, 'cache'));
  server = await openRepository(store, { key: { masterKey: repository.masterKey } });
  here = new MemoryStore();
});
afterEach(() => rmSync(place, { recursive: true }));

const save = (to: Repository, isOffline = false): Promise<ArchiveSummary> =>
  archive(to, { paths: [Buffer.from(join(place, 'top'))], isOffline });
const waiting = (): Promise<Repository> =>
  openSpool(here, { masterKey: server.masterKey, configText: server.configText });
async function whole(maxBytes = 1e9): Promise<Repository> {
  const room = { maxBytes, freeBytes: async () => 1e12 };
  return (await waiting()).through(
    (store) => new SpoolStore(store, { cache: join(place, 'cache'), ...room }),
  );
}
const write = (text: string): void => writeFileSync(join(place, 'top/file'), text.repeat(5000));
const bytesHere = async (): Promise<number> =>
  (await here.list('data')).reduce((sum, { size }) => sum + size, 0);
async function idsOf(repository: Repository): Promise<string[]> {
  return (await repository.snapshots()).map(({ id }) => id);
}

/** Refuses everything after so many writes and removals. */
class EndingStore extends ForwardingStore {
  left = Number.POSITIVE_INFINITY;
  override async write(...given: Parameters<ForwardingStore['write']>): Promise<void> {
    this.#count();
    await super.write(...given);
  }
  override async remove(ref: ObjectRef): Promise<void> {
    this.#count();
    await super.remove(ref);
  }
  #count(): void {
    if (this.left-- <= 0) throw new Error('the end');
  }
}

describe('what waits for a server', () => {
  it('is what it has not, and arrives as it is, the oldest first', async () => {
    await save(server);
    const ids: string[] = [];
    for (const text of ['one', 'two', 'three']) {
      write(text);
      ids.push((await save(await whole(), true)).snapshotId);
    }
    assert.ok((await bytesHere()) < 9000);
    const sent: string[] = [];
    const onSent = ({ id }: { readonly id: string }): void => void sent.push(id);
    assert.deepEqual(await sendSpool(await waiting(), server, { signal, onSent }), []);
    assert.deepEqual(sent, ids);
    assert.deepEqual((await idsOf(server)).slice(1), ids);
    assert.deepEqual([await bytesHere(), await idsOf(await waiting())], [0, []]);
    assert.equal((await check(server, { readData: true })).errors, 0);
    assert.equal((await save(server)).filesUnmodified, 6);
  });

  it('is there and whole wherever sending ends, and once', async () => {
    await save(server);
    const ids: string[] = [];
    for (const text of ['one', 'two']) {
      write(text);
      ids.push((await save(await whole(), true)).snapshotId);
    }
    const ending = new EndingStore(server.store);
    const to = server.through(() => ending);
    for (let after = 0; (await idsOf(await waiting())).length > 0; after++) {
      ending.left = after;
      await sendSpool(await waiting(), to, { signal }).catch(() => {});
      for (const { name } of await server.store.list('locks'))
        await server.store.remove({ type: 'locks', name });
      assert.equal((await check(server, { readData: true })).errors, 0);
    }
    assert.deepEqual((await idsOf(server)).slice(1), ids);
  });

  it('is no more than it may be; what goes by a rule frees what no other needs', async () => {
    await save(server);
    write('one');
    await save(await whole(), true);
    write('two');
    await assert.rejects(save(await whole(100), true), (error) => isHoldfastError(error, 'spool_full'));
    await save(await whole(), true);
    const before = await bytesHere();
    assert.equal(await thinSpool(await waiting(), policy), 1);
    assert.ok((await bytesHere()) < before);
    write('three');
    const { snapshotId } = await save(await whole(), true);
    assert.deepEqual(await sendSpool(await waiting(), server, { signal }), []);
    assert.equal((await idsOf(server)).at(-1), snapshotId);
    assert.equal((await check(server, { readData: true })).errors, 0);
  });

  it('stays, and is told of, while something that it builds on is not there any more', async () => {
    await save(server);
    write('one');
    await save(await whole(), true);
    for (const type of ['index', 'data'] as const)
      for (const { name } of await server.store.list(type)) await server.store.remove({ type, name });
    const [lost] = await sendSpool(await waiting(), server, { signal });
    assert.ok((lost?.missing ?? 0) > 0);
    await save(server);
    assert.deepEqual(await sendSpool(await waiting(), server, { signal }), []);
  });
});
