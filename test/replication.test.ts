import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { dayMs, HoldfastError, isHoldfastError, Secret, silentLog } from '../src/base/index.ts';
import {
  type CopyOptions,
  type CopyRound,
  copyRepository,
  type HealSource,
  healWaiting,
  ReplicateRecords,
  type ScrubbedRepository,
  scrubStore,
} from '../src/replicate/index.ts';
import {
  archive,
  check,
  initRepository,
  openRepository,
  prune,
  type Repository,
} from '../src/repository/index.ts';
import {
  createSample,
  dataBlob,
  fileNode,
  treeBlob,
  writePack,
  writeSnapshot,
} from '../src/repository/sample-repository.fixture.ts';
import {
  ForwardingStore,
  LocalDamaged,
  LocalStore,
  MemoryStore,
  type NamedRef,
  type ObjectBody,
  type ObjectId,
  type ObjectRef,
  type ObjectStore,
  type ObjectType,
  type WriteOptions,
} from '../src/storage/index.ts';
import { flipBit } from './rig/damage.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

const password = new Secret('correct horse');
const cost = { N: 1024, r: 8, p: 1 };
const weekMs = 7 * dayMs;

const databases = temporaryDirectory();
let databaseCount = 0;
/** Records of their own. */
const openRecords = (): Promise<ReplicateRecords> =>
  ReplicateRecords.open(join(databases.path, `${(databaseCount += 1)}.db`));
let shared: ReplicateRecords;
let copyCount = 0;
/** What a copy is called of which nothing is on record. */
const newCopy = (): string => `${(copyCount += 1)}`;
before(async () => {
  shared = await openRecords();
});
after(async () => {
  await shared[Symbol.asyncDispose]();
  databases[Symbol.dispose]();
});

/** Adds a snapshot with a file of its own, in the order in which every client writes. */
async function save(repository: Repository, text: string): Promise<ObjectId> {
  const content = dataBlob(text.repeat(40));
  const tree = treeBlob(fileNode('file', content));
  const packs = [await writePack(repository, content), await writePack(repository, tree)];
  await repository.saveIndex(packs);
  return await writeSnapshot(repository, tree);
}

async function sample(...texts: readonly string[]): Promise<{ repository: Repository; store: MemoryStore }> {
  const made = await createSample();
  for (const text of texts) await save(made.repository, text);
  return made;
}

/** Brings a copy up to its source: one of which nothing is on record, unless it is named. */
async function copy(
  from: ObjectStore,
  to: ObjectStore,
  options: Partial<CopyOptions> = {},
): Promise<CopyRound> {
  const usual = { copy: newCopy(), absences: shared.absences, nowMs: 0, removeAfterMs: weekMs };
  const round = await copyRepository({ from, to, ...usual, ...options });
  assert.ok(round);
  return round;
}

/** Nothing is wrong with a repository, or it is not one yet. */
async function assertValid(store: ObjectStore): Promise<void> {
  const config = await store.stat({ type: 'config' }).catch(() => undefined);
  if (config === undefined) return;
  const repository = await openRepository(store, { key: { password } });
  const problems: string[] = [];
  const { errors } = await check(repository, {
    readData: true,
    onProblem: ({ message }) => problems.push(message),
  });
  assert.equal(errors, 0, problems.join('\n'));
}

const rejectsWith = async (
  work: Promise<unknown>,
  code: Parameters<typeof isHoldfastError>[1],
): Promise<void> =>
  await assert.rejects(work, (error) => isHoldfastError(error, code) || assert.fail(String(error)));

/** A store that fails at a write, before or after it. */
class CutStore extends ForwardingStore {
  left: number;

  constructor(inner: ObjectStore, left: number) {
    super(inner);
    this.left = left;
  }

  override async write(ref: ObjectRef, body: ObjectBody, options: WriteOptions): Promise<void> {
    if (this.left === 0) throw new HoldfastError('connection_closed', 'cut');
    this.left -= 1;
    await super.write(ref, body, options);
  }
}

/** A store of which some objects are damaged. */
class DamagedStore extends ForwardingStore {
  readonly damaged = new Set<string>();

  override async stream(ref: ObjectRef, options?: object) {
    if (ref.type === 'config' || !this.damaged.has(ref.name)) return await super.stream(ref, options);
    const bytes = Buffer.from(await super.read(ref, options));
    bytes[3] = (bytes[3] ?? 0) ^ 1;
    return Readable.from([bytes], { objectMode: false });
  }
}

/** A store that says when things came: each at the number of its write. */
class DatedStore extends ForwardingStore {
  readonly #arrived = new Map<string, number>();

  override async write(ref: ObjectRef, body: ObjectBody, options: WriteOptions): Promise<void> {
    await super.write(ref, body, options);
    if (ref.type !== 'config') this.#arrived.set(ref.name, this.#arrived.size + 1);
  }

  override async list(type: ObjectType, options?: object) {
    const infos = await super.list(type, options);
    return infos.map((info) => ({ ...info, arrivedMs: this.#arrived.get(info.name) ?? 0 }));
  }

  override async *scan(type: ObjectType, options?: object) {
    yield await this.list(type, options);
  }
}

async function namesOf(store: ObjectStore, type: ObjectType): Promise<string[]> {
  return (await store.list(type)).map(({ name }) => name).toSorted();
}

describe('a copy of a repository', () => {
  it('is a valid repository wherever it is cut, and goes on from there', async () => {
    const { store } = await sample('one ', 'two ');
    const whole = new CutStore(new MemoryStore(), Number.POSITIVE_INFINITY);
    const { copied } = await copy(store, whole);
    assert.equal(copied.objects, 1 + 4 + 2 + 2);
    await assertValid(whole);
    for (let cut = 0; cut <= copied.objects; cut++) {
      const kept = new MemoryStore();
      const to = new CutStore(kept, cut);
      await rejectsWith(copy(store, to), 'connection_closed');
      await assertValid(kept);
      to.left = Number.POSITIVE_INFINITY;
      await copy(store, to);
      for (const type of ['keys', 'data', 'index', 'snapshots'] as const)
        assert.deepEqual(await namesOf(to, type), await namesOf(store, type));
    }
  });

  it('gets what is new and nothing twice, and no locks', async () => {
    const { repository, store } = await sample('one ');
    const to = new MemoryStore();
    await copy(store, to);
    assert.deepEqual((await copy(store, to)).copied, { objects: 0, bytes: 0 });
    await save(repository, 'two ');
    await using _lock = await repository.lock();
    const { copied, lag } = await copy(store, to);
    assert.equal(copied.objects, 4);
    assert.deepEqual(lag, { objects: 0, bytes: 0 });
    assert.deepEqual(await to.list('locks'), []);
  });

  it('never gets what is damaged at its source, nor what came after it and may refer to it', async () => {
    const dated = new DatedStore(new MemoryStore());
    const store = new DamagedStore(dated);
    const repository = await initRepository(store, { password, cost });
    const first = await save(repository, 'one ');
    const before = new Set(await namesOf(store, 'data'));
    await save(repository, 'two ');
    const [bad] = (await namesOf(store, 'data')).filter((name) => !before.has(name));
    store.damaged.add(bad ?? '');
    const to = new MemoryStore();
    const round = await copy(store, to);
    assert.deepEqual(round.damaged, [{ type: 'data', name: bad }]);
    assert.deepEqual(await namesOf(to, 'snapshots'), [first]);
    assert.equal(round.lag.objects, 3);
    assert.ok((round.lag.sinceMs ?? 0) > 0);
    await assertValid(to);
    store.damaged.clear();
    assert.deepEqual((await copy(store, to)).lag, { objects: 0, bytes: 0 });
    await assertValid(to);
  });

  it('of another repository is refused, and so is a source that has gone', async () => {
    const [one, two] = [await sample('one '), await sample('two ')];
    const to = new MemoryStore();
    await copy(one.store, to);
    const had = await namesOf(to, 'data');
    await rejectsWith(copy(two.store, to), 'replica_foreign');
    await rejectsWith(copy(new MemoryStore(), to), 'source_lost');
    assert.deepEqual(await namesOf(to, 'data'), had);
    assert.equal(
      await copyRepository({ from: new MemoryStore(), to: new MemoryStore(), ...none }),
      undefined,
    );
  });

  it('is whole though its source is pruned while it is copied', async () => {
    const { repository, store } = await sample('one ');
    const content = dataBlob('one '.repeat(40));
    let isPruned = false;
    /** Packs everything anew once the first listing is over. */
    class PrunedStore extends ForwardingStore {
      override async *scan(type: ObjectType, options?: object) {
        if (type === 'data' && !isPruned) {
          isPruned = true;
          const old = { data: await store.list('data'), index: await store.list('index') };
          const pack = await writePack(repository, content, treeBlob(fileNode('file', content)));
          await repository.saveIndex([pack]);
          for (const { name } of old.index) await store.remove({ type: 'index', name });
          for (const { name } of old.data) await store.remove({ type: 'data', name });
        }
        yield* super.scan(type, options);
      }
    }
    const to = new MemoryStore();
    await copy(new PrunedStore(store), to);
    assert.deepEqual(await namesOf(to, 'index'), await namesOf(store, 'index'));
    await assertValid(to);
  });

  it('in a folder is what restic calls whole, also where it was cut', async () => {
    using directory = temporaryDirectory();
    const { path } = directory;
    const env = { ...process.env, RESTIC_PASSWORD: 'geheim', RESTIC_CACHE_DIR: join(path, 'cache') };
    const restic = (place: string, ...args: readonly string[]): string =>
      execFileSync('restic', ['-r', join(path, place), ...args], { env, encoding: 'utf8' });
    mkdirSync(join(path, 'files'));
    for (let n = 0; n < 8; n++) writeFileSync(join(path, 'files', `${n}`), randomBytes(100_000));
    restic('source', 'init');
    restic('source', 'backup', join(path, 'files'));
    writeFileSync(join(path, 'files', 'more'), randomBytes(100_000));
    restic('source', 'backup', join(path, 'files'));
    const from = new LocalStore(join(path, 'source'));
    const local = new LocalStore(join(path, 'copy'));
    const cut = new CutStore(local, 5);
    await rejectsWith(copy(from, cut), 'connection_closed');
    restic('copy', 'check', '--read-data');
    await copy(from, local);
    restic('copy', 'check', '--read-data');
    assert.equal((JSON.parse(restic('copy', 'snapshots', '--json')) as unknown[]).length, 2);
  });
});

const none = { copy: 'copy', nowMs: 0, removeAfterMs: 0 } as unknown as Pick<
  CopyOptions,
  'copy' | 'absences' | 'nowMs' | 'removeAfterMs'
>;

/** A store that lets no snapshot go. */
class LockedStore extends ForwardingStore {
  isLocked = true;

  override async remove(ref: ObjectRef): Promise<void> {
    if (this.isLocked && ref.type === 'snapshots')
      throw new HoldfastError('retention_locked', 'it came within the retention lock');
    await super.remove(ref);
  }
}

/** Takes a snapshot with all that it alone needs out of a sample, as a forget and a prune do. */
async function forget(store: ObjectStore, before: readonly NamedRef[]): Promise<void> {
  for (const type of ['snapshots', 'index', 'data'] as const)
    for (const ref of before) if (ref.type === type) await store.remove(ref);
}

async function everything(store: ObjectStore): Promise<NamedRef[]> {
  const found: NamedRef[] = [];
  for (const type of ['snapshots', 'index', 'data'] as const)
    for (const { name } of await store.list(type)) found.push({ type, name });
  return found;
}

describe('what a source has no more', () => {
  it('leaves its copy after the delay and not before, those that refer first', async () => {
    const { repository, store } = await sample('one ');
    const old = await everything(store);
    for (const text of ['two ', 'three ', 'four ', 'five ']) await save(repository, text);
    const removed: string[] = [];
    class NotedStore extends ForwardingStore {
      override async remove(ref: ObjectRef): Promise<void> {
        removed.push(ref.type);
        await super.remove(ref);
        await assertValid(this.inner);
      }
    }
    const to = new NotedStore(new MemoryStore());
    const name = newCopy();
    const at = (nowMs: number): Promise<CopyRound> => copy(store, to, { copy: name, nowMs });
    await at(0);
    await forget(store, old);
    assert.deepEqual(pick(await at(1000)), { removed: 0, waiting: 4, isHalted: false });
    assert.deepEqual(pick(await at(1000 + weekMs - 1)), { removed: 0, waiting: 4, isHalted: false });
    assert.deepEqual(pick(await at(1000 + weekMs)), { removed: 4, waiting: 0, isHalted: false });
    assert.deepEqual(removed, ['snapshots', 'index', 'data', 'data']);
    assert.deepEqual(await everything(to).then((all) => all.length), (await everything(store)).length);
  });

  it('stays with all that it needs while a retention lock holds it', async () => {
    const { repository, store } = await sample('one ');
    const old = await everything(store);
    for (const text of ['two ', 'three ', 'four ', 'five ']) await save(repository, text);
    const to = new LockedStore(new MemoryStore());
    const name = newCopy();
    const at = (nowMs: number): Promise<CopyRound> => copy(store, to, { copy: name, nowMs });
    await at(0);
    await forget(store, old);
    await at(1000);
    assert.deepEqual(pick(await at(2 * weekMs)), { removed: 0, waiting: 4, isHalted: false });
    await assertValid(to);
    to.isLocked = false;
    assert.deepEqual(pick(await at(3 * weekMs)), { removed: 4, waiting: 0, isHalted: false });
    await assertValid(to);
  });

  it('is not followed where most went at once, until somebody says that this is meant', async () => {
    const { repository, store } = await sample('one ', 'two ', 'three ');
    const old = await everything(store);
    await save(repository, 'four ');
    const to = new MemoryStore();
    const name = newCopy();
    const at = (nowMs: number, acceptsLoss = false): Promise<CopyRound> =>
      copy(store, to, { copy: name, nowMs, acceptsLoss });
    await at(0);
    await forget(store, old);
    assert.deepEqual(pick(await at(1000)), { removed: 0, waiting: 0, isHalted: true });
    assert.deepEqual(pick(await at(5 * weekMs)), { removed: 0, waiting: 0, isHalted: true });
    assert.equal((await to.list('snapshots')).length, 4);
    assert.deepEqual(pick(await at(5 * weekMs, true)), { removed: 0, waiting: 12, isHalted: false });
    assert.deepEqual(pick(await at(6 * weekMs)), { removed: 12, waiting: 0, isHalted: false });
    await assertValid(to);
  });

  it('goes after a prune as after anything else, which puts other packs and indexes in the place of all', async () => {
    const { repository, store } = await sample(...Array.from('abcdefgh'));
    const to = new MemoryStore();
    const name = newCopy();
    const at = (nowMs: number): Promise<CopyRound> => copy(store, to, { copy: name, nowMs });
    await at(0);
    const old = (await everything(store)).filter(({ type }) => type !== 'snapshots');
    await prune(repository, { maxUnused: () => 0, repackSmallerThan: 1e6 });
    const names = new Set((await everything(store)).map(({ name }) => name));
    assert.ok(old.every(({ name }) => !names.has(name)));
    const waiting = old.length;
    assert.deepEqual(pick(await at(1000)), { removed: 0, waiting, isHalted: false });
    assert.deepEqual(pick(await at(1000 + weekMs)), { removed: waiting, waiting: 0, isHalted: false });
    await assertValid(to);
  });

  it('stays when it comes back', async () => {
    const { repository, store } = await sample('one ');
    const old = await everything(store);
    for (const text of ['two ', 'three ', 'four ', 'five ']) await save(repository, text);
    const [to, aside] = [new MemoryStore(), new MemoryStore()];
    const name = newCopy();
    const at = (nowMs: number): Promise<CopyRound> => copy(store, to, { copy: name, nowMs });
    await at(0);
    await copy(store, aside);
    await forget(store, old);
    await at(1000);
    await copy(aside, store);
    assert.deepEqual(pick(await at(2 * weekMs)), { removed: 0, waiting: 0, isHalted: false });
    await assertValid(to);
  });
});

function pick({
  removed,
  waiting,
  isHalted,
}: CopyRound): Pick<CopyRound, 'removed' | 'waiting' | 'isHalted'> {
  return { removed, waiting, isHalted };
}

/** A repository in a folder, as a scrub goes through it, and a way to damage its files. */
async function scrubbed(path: string, sources: readonly HealSource[] = []) {
  const store = new LocalStore(path);
  const damaged = new LocalDamaged(path);
  const repository: ScrubbedRepository = {
    name: 'laptop',
    store,
    takeAside: (ref, atMs) => damaged.takeAside(ref, atMs),
    sources: async () => sources,
  };
  const fileOf = ({ type, name }: NamedRef): string =>
    join(path, type, ...(type === 'data' ? [name.slice(0, 2)] : []), name);
  return { store, repository, fileOf };
}

interface Scrubbing {
  readonly nowMs?: () => number;
  readonly periodMs?: number;
  readonly signal?: AbortSignal;
  readonly wait?: () => Promise<void>;
}

function scrubOptions(
  records: ReplicateRecords,
  repository: ScrubbedRepository,
  { nowMs = () => 0, periodMs = 0, ...more }: Scrubbing = {},
) {
  const repositories = async function* () {
    yield repository;
  };
  return { records, repositories, now: nowMs, periodMs: () => periodMs, log: silentLog, ...more };
}

describe('a scrub', () => {
  it('takes a damaged file aside and heals it from the replica that has a good one', async () => {
    using directory = temporaryDirectory();
    const { store: made } = await sample('one ', 'two ');
    const bad = new DamagedStore(made);
    const { store, repository, fileOf } = await scrubbed(join(directory.path, 'store'), [
      { name: 'empty', store: new MemoryStore() },
      { name: 'bad', store: bad },
      { name: 'vault', store: made },
    ]);
    await copy(made, store);
    const refs = await everything(store);
    for (const ref of refs) {
      flipBit(fileOf(ref));
      bad.damaged.add(ref.name);
    }
    await using records = await openRecords();
    const { objects, damaged } = await scrubStore(scrubOptions(records, repository));
    assert.deepEqual({ objects, damaged }, { objects: 9, damaged: 8 });
    await assertValid(store);
    const rows = await records.damages.since(0);
    assert.deepEqual(new Set(rows.map(({ healed_by }) => healed_by)), new Set(['vault']));
    const aside = readdirSync(join(directory.path, 'store', '.damaged'), {
      recursive: true,
      withFileTypes: true,
    });
    assert.equal(aside.filter((entry) => entry.isFile()).length, 8);
    assert.equal((await scrubStore(scrubOptions(records, repository))).damaged, 0);
  });

  it('goes on where it was stopped, and reads each file at its time', async () => {
    using directory = temporaryDirectory();
    const { store: made } = await sample('one ', 'two ', 'three ');
    const { store, repository } = await scrubbed(join(directory.path, 'store'));
    await copy(made, store);
    const read: string[] = [];
    class NotedStore extends ForwardingStore {
      override async stream(ref: ObjectRef, options?: object) {
        read.push(ref.type === 'config' ? 'config' : ref.name);
        return await super.stream(ref, options);
      }
    }
    const noted = { ...repository, store: new NotedStore(store) };
    const path = join(directory.path, 'replicate.db');
    let nowMs = 1_000_000;
    const options = { nowMs: () => nowMs, periodMs: 30 * dayMs };
    // Each process is stopped the twentieth time that it waits, without a word.
    for (let processes = 0; processes < 40; processes++) {
      const records = await ReplicateRecords.open(path);
      let waits = 0;
      const killed = new Error('killed');
      const wait = async (): Promise<void> => {
        nowMs += dayMs / 4;
        waits += 1;
        if (waits === 20) throw killed;
      };
      const done = await scrubStore(scrubOptions(records, noted, { ...options, wait })).catch(
        (error: unknown) => {
          assert.equal(error, killed);
        },
      );
      await records[Symbol.asyncDispose]();
      if (done === undefined) continue;
      assert.equal(done.objects, 13);
      break;
    }
    assert.equal(new Set(read).size, 13);
    assert.equal(read.length, 13);
    const tookDays = (nowMs - 1_000_000) / dayMs;
    assert.ok(tookDays > 18 && tookDays < 25, `${tookDays} days`);
  });

  it('leaves what nobody has for the client, whose next backup sends it again', async () => {
    using directory = temporaryDirectory();
    const files = join(directory.path, 'files');
    mkdirSync(files);
    for (let n = 0; n < 5; n++) writeFileSync(join(files, `${n}`), randomBytes(50_000));
    const { store, repository, fileOf } = await scrubbed(join(directory.path, 'store'));
    const own = await initRepository(store, { password, cost });
    const paths = [Buffer.from(files)];
    await archive(own, { paths });
    const [pack] = (await store.list('data')).toSorted((a, b) => b.size - a.size);
    assert.ok(pack);
    const ref: NamedRef = { type: 'data', name: pack.name };
    const good = readFileSync(fileOf(ref));
    flipBit(fileOf(ref));
    await using records = await openRecords();
    await scrubStore(scrubOptions(records, repository));
    assert.equal((await records.damages.open()).length, 1);
    const again = await archive(await openRepository(store, { key: { password } }), {
      paths,
    });
    assert.equal(again.dataBlobs, 5);
    // Whoever brings the file itself back heals it, too.
    await store.write(ref, [good], { size: good.length });
    assert.equal(await healWaiting(scrubOptions(records, repository)), 1);
    assert.deepEqual(await records.damages.open(), []);
    await assertValid(store);
  });
});
