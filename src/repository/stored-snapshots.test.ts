import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { dayMs, hourMs, minuteMs } from '../base/index.ts';
import type { ObjectId } from '../storage/index.ts';
import { type BlobId, idOf } from './format/blob.ts';
import { createSample, treeBlob, writeSnapshot } from './sample-repository.fixture.ts';
import {
  findParent,
  isFromFuture,
  isPossibleArrival,
  orderSnapshots,
  type StoredSnapshot,
} from './stored-snapshots.ts';

const nowMs = Date.UTC(2026, 5, 1);

/** A snapshot made and arrived so long before now; `arrived` undefined where nobody knows. */
function made(
  name: string,
  beforeMs: number,
  { arrived, parent }: { readonly arrived?: number; readonly parent?: string } = {},
): StoredSnapshot {
  return {
    id: name as ObjectId,
    tree: 'tree' as BlobId,
    paths: ['/'],
    timeNs: BigInt(nowMs - beforeMs) * 1_000_000n,
    ...(arrived !== undefined && { arrivedMs: nowMs - arrived }),
    ...(parent !== undefined && { parent: parent as ObjectId }),
  };
}

/** Whatever order they come in. */
function ordered(...snapshots: readonly StoredSnapshot[]): string {
  const there = orderSnapshots(snapshots, nowMs).map(({ id }) => id);
  const back = orderSnapshots(snapshots.toReversed(), nowMs).map(({ id }) => id);
  assert.deepEqual(there, back);
  return there.join(' ');
}

describe('the order of snapshots', () => {
  it('is that of their own times, whenever the files arrived', () => {
    const copied = [made('a', 3 * dayMs), made('b', 2 * dayMs), made('c', dayMs)];
    assert.equal(ordered(...copied), 'a b c');
    const arrivals = [hourMs, 2 * hourMs, hourMs];
    assert.equal(
      ordered(...copied.map((one, index) => ({ ...one, arrivedMs: nowMs - (arrivals[index] ?? 0) }))),
      'a b c',
    );
  });

  it('takes one that is from the future for as new as it arrived', () => {
    const future = made('future', -25 * dayMs, { arrived: 3 * dayMs });
    const others = [made('a', 4 * dayMs, { arrived: 4 * dayMs }), made('z', dayMs, { arrived: dayMs })];
    assert.equal(ordered(future, ...others), 'a future z');
    // Still when its time has come.
    const later = orderSnapshots([future, ...others], nowMs + 40 * dayMs).map(({ id }) => id);
    assert.deepEqual(later, ['a', 'future', 'z']);
  });

  it('lets one from the future be the newest only where there is no other, when nobody knows its arrival', () => {
    const future = made('future', -25 * dayMs);
    assert.equal(ordered(made('a', 4 * dayMs), future, made('b', dayMs)), 'future a b');
    assert.equal(ordered(future), 'future');
    assert.equal(ordered(future, made('further', -26 * dayMs)), 'future further');
  });

  it('puts none before the one that it was compared with, however many', () => {
    const behind = made('behind', 25 * dayMs, { arrived: hourMs, parent: 'before' });
    const before = made('before', dayMs, { arrived: dayMs });
    assert.equal(ordered(made('a', 2 * dayMs), before, behind), 'a before behind');
    const next = made('next', 24 * dayMs, { parent: 'behind' });
    assert.equal(ordered(next, behind, before, made('now', 0)), 'before behind next now');
    const between = made('future', -25 * dayMs, { parent: 'before' });
    const after = made('after', 25 * dayMs, { parent: 'future' });
    assert.equal(ordered(before, between, after), 'future before after');
    const many = Array.from({ length: 30_000 }, (_, index) =>
      made(`s${index}`, index * minuteMs, { parent: `s${index - 1}` }),
    );
    assert.equal(orderSnapshots(many, nowMs).at(-1)?.id, 's29999');
  });

  it('does not depend on names unless all else is the same, nor end where one names itself', () => {
    assert.equal(ordered(made('b', 0), made('a', 0)), 'a b');
    assert.equal(ordered(made('b', 0, { parent: 'a' }), made('a', 0)), 'a b');
    assert.equal(ordered(made('a', 0, { parent: 'a' })), 'a');
    orderSnapshots([made('a', 0, { parent: 'b' }), made('b', 0, { parent: 'a' })], nowMs);
  });
});

describe('a time is from the future', () => {
  it('only when it is later than clocks differ', () => {
    assert.equal(isFromFuture(made('a', -4 * minuteMs), nowMs), false);
    assert.equal(isFromFuture(made('a', -6 * minuteMs), nowMs), true);
    assert.equal(isFromFuture(made('a', hourMs, { arrived: hourMs + 6 * minuteMs }), nowMs), true);
    // Whoever looks has a clock that is behind: those who made and kept it agree.
    assert.equal(isFromFuture(made('a', -4 * minuteMs, { arrived: -4 * minuteMs }), nowMs), false);
  });

  it('by an arrival that a copy has not lost, and that has come', () => {
    assert.equal(isPossibleArrival(nowMs - dayMs, nowMs), true);
    for (const arrivedMs of [0, Date.UTC(1980, 0), nowMs + dayMs, undefined])
      assert.equal(isPossibleArrival(arrivedMs, nowMs), false);
  });
});

const tree = treeBlob();

async function sampleWithSnapshots() {
  const { repository, store } = await createSample();
  const ids = [
    await writeSnapshot(repository, tree, { timeNs: 3n, hostname: 'a', paths: ['/x', '/y'] }),
    await writeSnapshot(repository, tree, { timeNs: 1n, hostname: 'a', paths: ['/x'] }),
    await writeSnapshot(repository, tree, { timeNs: 4n, hostname: 'b', paths: ['/z'] }),
    await writeSnapshot(repository, tree, { timeNs: 2n, hostname: 'a', paths: ['/y', '/x'] }),
  ] as const;
  return { repository, store, ids };
}

test('snapshots are listed by time, and one that is damaged is named and passed over', async () => {
  const { repository, store, ids } = await sampleWithSnapshots();
  assert.deepEqual(
    (await repository.snapshots()).map(({ timeNs }) => timeNs),
    [1n, 2n, 3n, 4n],
  );
  const junk = Buffer.alloc(100, 1);
  await store.write({ type: 'snapshots', name: idOf(junk) }, [junk], { size: 100 });
  const said: string[] = [];
  repository.onDamage((message) => said.push(message));
  assert.equal((await repository.findSnapshot('latest')).timeNs, 4n);
  assert.match(said.join(), new RegExp(`snapshot ${idOf(junk)} .*passed over`));
  const damaged: string[] = [];
  assert.equal((await repository.snapshots({ onDamaged: (id) => damaged.push(id) })).length, 4);
  assert.deepEqual(damaged, [idOf(junk)]);
  assert.equal((await repository.findSnapshot(ids[0])).id, ids[0]);
});

test('the parent is the last of the same host and paths', async () => {
  const { repository, ids } = await sampleWithSnapshots();
  const snapshots = await repository.snapshots();
  const parent = (hostname: string, paths: readonly string[]) =>
    findParent(snapshots, { hostname, paths })?.id;
  assert.equal(parent('a', ['/x', '/y']), ids[0]);
  assert.equal(parent('a', ['/y', '/x']), ids[0]);
  assert.equal(parent('a', ['/x']), ids[1]);
  assert.equal(parent('a', ['/y']), ids[0], 'which has saved more');
  assert.equal(parent('a', ['/z']), undefined);
  assert.equal(parent('b', ['/z']), ids[2]);
});
