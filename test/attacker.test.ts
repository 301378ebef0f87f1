import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { dayMs, type ErrorCode, HoldfastError, hourMs, minuteMs, silentLog } from '../src/base/index.ts';
import { type ObjectRef, parseObjectName } from '../src/storage/index.ts';
import { treeDifferences } from './rig/compare-trees.ts';
import { GuardedServer } from './rig/guarded-server.ts';
import { runProgram } from './rig/holdfast-process.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

const by = 'admin/ann';
const quotaBytes = 30e6;
const types = ['snapshots', 'index', 'data', 'keys'] as const;
type Type = (typeof types)[number];

describe('somebody with the certificate and the keys of a client', () => {
  const place = temporaryDirectory();
  const at = (...names: string[]): string => join(place.path, ...names);
  let server: GuardedServer;
  /** What was refused, and how often. */
  const refused = new Map<ErrorCode, number>();

  const restic = (...words: string[]) =>
    runProgram('restic', ['-r', `rest:${server.url}`, '--no-cache', ...words], {
      env: { RESTIC_PASSWORD: 'known to both' },
    });
  const later = async (ms: number): Promise<void> => {
    server.home.clock.advance(ms);
    await server.ledger.upkeep();
    await server.ledger.count();
    await server.trash.upkeep(silentLog);
  };
  const trying = async (work: Promise<void>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      if (!(error instanceof HoldfastError)) throw error;
      refused.set(error.code, (refused.get(error.code) ?? 0) + 1);
    }
  };
  const junk = async (type: Type, bytes: number): Promise<ObjectRef> => {
    const body = randomBytes(bytes);
    const ref = parseObjectName(type, createHash('sha256').update(body).digest('hex'));
    await trying(server.store.write(ref, [body], { size: bytes }));
    return ref;
  };
  /** All that there is, and of its own snapshots, which stay, some. */
  const removeAll = async (type: Type, known: readonly string[]): Promise<void> => {
    const names = (await server.store.list(type)).map(({ name }) => name);
    const own = names.filter((name) => !known.includes(name));
    for (const name of [
      ...names.filter((each) => known.includes(each)),
      ...(type === 'snapshots' ? own.slice(0, 2) : own),
    ])
      await trying(server.store.remove({ type, name }));
  };

  before(async () => {
    server = await GuardedServer.open(at('store'));
    const { authority } = server.home;
    await authority.policy.set('retention-lock', '30d', by);
    await authority.clients.bound({ name: 'alpha', prune: true, quotaBytes, by });
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    place[Symbol.dispose]();
  });

  it('tries for thirty days to make its backups useless, and every snapshot of before restores equal', async () => {
    const { home, store, trash } = server;
    const { authority } = home;
    const taken: { readonly id: string; readonly tree: string }[] = [];
    await restic('init');
    // Some are older than the lock when it begins, and are held by nothing but the trash.
    for (const [number, days] of [30, 20, 5, 4, 3, 1].entries()) {
      const tree = at('trees', String(number));
      mkdirSync(tree, { recursive: true });
      writeFileSync(join(tree, 'kept'), 'the same in all\n'.repeat(1000));
      writeFileSync(join(tree, 'changed'), randomBytes(50_000));
      const { stdout } = await restic('backup', '--json', tree);
      const id = /"snapshot_id":"([0-9a-f]+)"/.exec(stdout)?.[1] ?? '';
      taken.push({ id, tree });
      await later(days * dayMs);
    }
    const begin = new Date(home.clock.now());
    assert.deepEqual(await authority.activity.alarms(), new Map());

    const before = (await store.list('snapshots')).map(({ name }) => name as string);
    await later(hourMs);
    let junkPacks: ObjectRef[] = [];
    for (let day = 0; day < 30; day++) {
      for (const type of types) await removeAll(type, before);
      await junk('keys', 400);
      for (let n = 0; n < 30; n++) await junk('snapshots', 200);
      for (let n = 0; n < 3; n++) await junk('index', 5000);
      // Fills the quota, takes it away, and fills it again, for as long as the trash takes it.
      for (const ref of junkPacks) await trying(store.remove(ref));
      junkPacks = [];
      while (!refused.has('quota_exceeded') || junkPacks.length < 3) {
        junkPacks.push(await junk('data', 4_000_000));
        if (junkPacks.length > 10) break;
      }
      await later(dayMs - 2 * minuteMs);
    }
    for (const code of ['retention_locked', 'quota_exceeded', 'trash_exceeded'] as const)
      assert.ok((refused.get(code) ?? 0) > 0, code);
    assert.ok(bytesBelow(at('store')) < 2.2 * quotaBytes, 'no more of the disk than twice its quota');

    // What an administrator sees, and what nobody can do.
    const raised = (await authority.log.list()).flatMap((record) =>
      record.kind === 'alarm raised' ? [record.details.alarm] : [],
    );
    const told = ['key added', 'lost deduplication', 'refused removals', 'removals', 'snapshot burst'];
    assert.deepEqual([...new Set(raised)].toSorted(), told);
    assert.equal((await trash.empty({ apply: true, by })).removed, 0);

    await authority.clients.bound({ name: 'alpha', quarantined: true, reason: 'theft', by });
    await trash.restore({ client: 'alpha', before: begin, by });
    for (const [number, { id, tree }] of taken.entries()) {
      const target = at('back', String(number));
      await restic('restore', id, '--no-lock', '--target', target);
      assert.deepEqual(treeDifferences(join(target, tree), tree), [], `snapshot ${number}`);
    }
    await restic('check', '--no-lock', '--read-data');
    assert.equal((await store.list('snapshots')).length, taken.length);
  });
});

function bytesBelow(directory: string): number {
  const paths = readdirSync(directory, { recursive: true }).map((name) => join(directory, String(name)));
  return paths.reduce((sum, path) => sum + (statSync(path).isFile() ? statSync(path).size : 0), 0);
}
