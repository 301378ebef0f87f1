import type { ObjectId } from '../../storage/index.ts';
import { applyPolicy } from '../forget/apply-policy.ts';
import type { KeepPolicy } from '../forget/keep-policy.ts';
import { readPackHeader } from '../format/pack-header.ts';
import type { Repository } from '../repository.ts';
import { neededPacks } from './needed-packs.ts';

/**
 * Removes the snapshots of a spool that a policy does not keep, and whatever no other one needs, what runs left that never came to
 * their end among it. Nobody else may write there. Gives how many snapshots went.
 */
export async function thinSpool(
  spool: Repository,
  policy: KeepPolicy,
  signal?: AbortSignal,
): Promise<number> {
  const cancel = signal ? { signal } : {};
  const snapshots = await spool.snapshots(cancel);
  const { keep, remove } = applyPolicy(snapshots, policy, spool.clock.now());
  for (const { id } of remove) await spool.files.remove('snapshots', id, cancel);
  const { index } = await spool.loadListedIndex(cancel);
  const trees = keep.map(({ snapshot: { tree } }) => tree);
  const { packs } = await neededPacks(spool, trees, {
    index,
    isElsewhere: (type, id) => !index.has(type, id),
    signal,
  });
  await sweep(spool, packs, signal);
  return remove.length;
}

/** Removes all packs but `needed`; first they are in no index any more, since what an index names counts as stored. */
async function sweep(spool: Repository, needed: ReadonlySet<ObjectId>, signal?: AbortSignal): Promise<void> {
  const cancel = signal ? { signal } : {};
  const stored = await spool.store.list('data', cancel);
  if (stored.every(({ name }) => needed.has(name))) return;
  const before = await spool.files.list('index', cancel);
  const contents = stored
    .filter(({ name }) => needed.has(name))
    .map(async (pack) => ({
      id: pack.name,
      blobs: await readPackHeader(spool.store, spool.cipher, pack, cancel),
    }));
  if (contents.length > 0) await spool.saveIndex(await Promise.all(contents), cancel);
  for (const { name } of before) await spool.files.remove('index', name, cancel);
  for (const { name } of stored)
    if (!needed.has(name)) await spool.store.remove({ type: 'data', name }, cancel);
}
