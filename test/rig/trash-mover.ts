import { LocalStore, LocalTrash, type ObjectType } from '../../src/storage/index.ts';

/** Moves all packs and snapshots of a repository into its trash and back, again and again: it may be killed at any moment. */
const [directory = ''] = process.argv.slice(2);
const store = new LocalStore(directory);
const trash = new LocalTrash(directory);
const types: readonly ObjectType[] = ['data', 'snapshots'];
for (let moved = 0; ; ) {
  for (const type of types)
    for (const { name } of await store.list(type)) {
      await trash.put({ type, name }, async () => ({ removedMs: Date.now(), lockedUntilMs: 0 }));
      if (++moved === 10) console.log('moving');
    }
  for await (const trashed of trash.scan()) await trash.restore(trashed);
  await trash.settle();
}
