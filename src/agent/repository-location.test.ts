import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { HoldfastError, isHoldfastError, Secret } from '../base/index.ts';
import { escrowFingerprint } from '../enrol/index.ts';
import { MemoryStore } from '../storage/index.ts';
import { Keystore } from '../trust/index.ts';
import { findSetBack, noteBackup } from './made-snapshots.ts';
import { allKeys, encodeRepositoryKey, escrowsIn, keysAt } from './repository-keys.ts';
import { openRepositoryAt, type RepositoryLocation } from './repository-location.ts';

const { signal } = new AbortController();
const password = new Secret('correct horse');
let directory: string;
let keystore: Keystore;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-place-'));
  keystore = await Keystore.create(directory);
});
after(() => rm(directory, { recursive: true }));

function place(label: string, store = new MemoryStore()): RepositoryLocation {
  return { label, store, keystore };
}

test('a repository that is made without a password opens again without one, and without scrypt', async () => {
  const own = place('own');
  const made = await openRepositoryAt(own, { create: true, signal });
  const opened = await openRepositoryAt(own, { create: false, signal });
  assert.equal(opened.id, made.id);
});

test('a wrong password is refused also where the right key is kept', async () => {
  const own = place('with password');
  await openRepositoryAt(own, { create: true, password, signal });
  await assert.rejects(
    openRepositoryAt(own, { create: false, password: new Secret('wrong'), signal }),
    (error) => isHoldfastError(error, 'repository_wrong_key'),
  );
  await openRepositoryAt(own, { create: false, signal });
});

test('where a repository was, none is made unless that is said, and the key of the one of before stays', async () => {
  const first = place('gone');
  const made = await openRepositoryAt(first, { create: true, password, signal });
  await noteBackup(first, made, { snapshot: 'a'.repeat(64), missed: undefined });
  const empty = place('gone');
  for (const said of [{}, { password }, { password: new Secret('another') }]) {
    await assert.rejects(openRepositoryAt(empty, { create: true, ...said, signal }), (error) => {
      assert.ok(isHoldfastError(error, 'repository_gone'), String(error));
      assert.match(
        error.message,
        new RegExp(`repository ${made.id.slice(0, 8)}.*\\d{4}-.*snapshot aaaaaaaa`),
      );
      return true;
    });
  }
  assert.equal((await empty.store.list('keys')).length, 0);
  const other = await openRepositoryAt(empty, { create: true, startOver: true, signal });
  assert.notEqual(other.id, made.id);
  assert.deepEqual(
    keysAt(keystore, 'gone').map(({ repository }) => repository ?? ''),
    [other.id, made.id],
  );
  const back = await openRepositoryAt(first, { create: true, signal });
  assert.equal(back.id, made.id);
  assert.equal((await openRepositoryAt(empty, { create: false, signal })).id, other.id);
  await assert.rejects(openRepositoryAt(empty, { create: true, startOver: true, signal }), (error) =>
    isHoldfastError(error, 'repository_exists'),
  );
});

test('another repository than those of before is named, and opens with its password alone', async () => {
  const own = await openRepositoryAt(place('swapped'), { create: true, signal });
  const strange = place('swapped');
  await openRepositoryAt({ ...strange, label: 'elsewhere' }, { create: true, password, signal });
  for (const startOver of [false, true]) {
    await assert.rejects(openRepositoryAt(strange, { create: true, startOver, signal }), (error) => {
      assert.ok(isHoldfastError(error, 'repository_wrong_key'), String(error));
      assert.match(error.message, new RegExp(`another repository than repository ${own.id.slice(0, 8)}`));
      return true;
    });
  }
  const opened = await openRepositoryAt(strange, { create: false, password, signal });
  assert.equal((await openRepositoryAt(strange, { create: false, signal })).id, opened.id);
  assert.equal(keysAt(keystore, 'swapped').length, 2);
});

test('a key from before keys were kept one by one opens, and gives its label away to none that comes after', async () => {
  const old = place('from before');
  const made = await openRepositoryAt({ ...old, label: 'scratch' }, { create: true, signal });
  const [key] = keysAt(keystore, 'scratch');
  assert.ok(key);
  const { password: kept, masterKey } = key;
  const secret = encodeRepositoryKey('', { password: kept, masterKey, escrowed: false });
  await keystore.update((entries) => entries.putSecret('repository from before', secret));
  assert.equal((await openRepositoryAt(old, { create: false, signal })).id, made.id);
  const empty = place('from before');
  await assert.rejects(openRepositoryAt(empty, { create: true, signal }), (error) =>
    isHoldfastError(error, 'repository_gone'),
  );
  await openRepositoryAt(empty, { create: true, startOver: true, signal });
  assert.equal((await openRepositoryAt(old, { create: false, signal })).id, made.id);
  assert.equal(allKeys(keystore).filter((each) => each.place === 'from before').length, 2);
});

test('a damaged or missing config is called that, and the kept copy of it opens the repository', async () => {
  const own = place('damaged');
  const made = await openRepositoryAt(own, { create: true, signal });
  const config = Uint8Array.from(await own.store.read({ type: 'config' }));
  const flipped = config.with(config.length >> 1, (config[config.length >> 1] ?? 0) ^ 1);
  await own.store.remove({ type: 'config' });
  await own.store.write({ type: 'config' }, [flipped], { size: flipped.length });
  await assert.rejects(openRepositoryAt(own, { create: true, signal }), (error) =>
    isHoldfastError(error, 'repository_damaged'),
  );
  await made.saveIndex([]);
  for (const remove of [false, true]) {
    if (remove) await own.store.remove({ type: 'config' });
    const opened = await openRepositoryAt(own, { create: true, signal });
    const said: string[] = [];
    opened.onDamage((message) => void said.push(message));
    assert.equal(opened.id, made.id);
    assert.match(said.join(), remove ? /config of .* is gone/ : /config of .* is damaged/);
  }
});

test('the snapshot that was made last is missed when it is not there', async () => {
  const own = place('set back');
  const repository = await openRepositoryAt(own, { create: true, signal });
  const nothing = await findSetBack(own, repository, signal);
  assert.deepEqual(nothing, { warnings: [], missed: undefined });
  await noteBackup(own, repository, { snapshot: 'b'.repeat(64), missed: undefined });
  const { warnings, missed } = await findSetBack(own, repository, signal);
  assert.match(warnings.join(), /snapshot bbbbbbbb of .* is not at/);
  assert.equal(missed?.snapshot, 'b'.repeat(64));
  await noteBackup(own, repository, { snapshot: 'c'.repeat(64), missed });
  assert.equal(keysAt(keystore, 'set back')[0]?.missed?.snapshot, 'b'.repeat(64));
});

test('a repository that nobody here can open is told from one that is not there', async () => {
  const store = new MemoryStore();
  await assert.rejects(openRepositoryAt(place('nothing', store), { create: false, signal }), (error) =>
    isHoldfastError(error, 'repository_missing'),
  );
  await openRepositoryAt(place('somebody else', store), { create: true, password, signal });
  await assert.rejects(openRepositoryAt(place('without key', store), { create: true, signal }), (error) =>
    isHoldfastError(error, 'repository_wrong_key'),
  );
});

test('a second key that could not be left with the server is left at the next opening', async () => {
  const left: string[] = [];
  const said: string[] = [];
  const fingerprint = escrowFingerprint(Uint8Array.of(1));
  const own = place('escrowed');
  const failing: RepositoryLocation = {
    ...own,
    escrow: () => Promise.reject(new HoldfastError('connection_lost', 'cut')),
  };
  const working: RepositoryLocation = {
    ...own,
    escrow: async (id) => {
      left.push(id);
      return fingerprint;
    },
  };
  const opening = { create: false, onEscrowed: (text: string) => void said.push(text), signal };
  await assert.rejects(openRepositoryAt(failing, { create: true, signal }));
  await assert.rejects(openRepositoryAt(failing, { create: true, signal }));
  const { id } = await openRepositoryAt(working, opening);
  await openRepositoryAt(working, opening);
  assert.deepEqual(left, [id]);
  assert.deepEqual(said, [fingerprint]);
  assert.deepEqual(escrowsIn(keystore), [{ place: 'escrowed', fingerprint }]);
  assert.equal((await own.store.list('keys')).length, 2);
});

test('scrypt takes no longer than it must over a password that is random', async () => {
  const store = new MemoryStore();
  const escrow: RepositoryLocation['escrow'] = async () => escrowFingerprint(Buffer.alloc(8));
  await openRepositoryAt({ ...place('quick', store), escrow }, { create: true, signal });
  const keys = await store.list('keys');
  assert.equal(keys.length, 2);
  for (const { name } of keys) {
    const { N, r, p } = JSON.parse(String(Buffer.from(await store.read({ type: 'keys', name }))));
    assert.deepEqual({ N, r, p }, { N: 1024, r: 8, p: 1 });
  }
});

test('two processes that make one at the same moment have the same one', async () => {
  const store = new MemoryStore();
  const [one, other] = [await Keystore.open(directory), await Keystore.open(directory)];
  const opened = await Promise.all(
    [one, other].map((own) =>
      openRepositoryAt({ label: 'at once', store, keystore: own }, { create: true, signal }),
    ),
  );
  assert.equal(opened[0]?.id, opened[1]?.id);
  const keystoreNow = await Keystore.open(directory);
  assert.equal(keysAt(keystoreNow, 'at once').length, 1);
  const again = await openRepositoryAt(
    { label: 'at once', store, keystore: keystoreNow },
    { create: false, signal },
  );
  assert.equal(again.id, opened[0]?.id);
});
