import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { HoldfastError, isHoldfastError, Secret } from '../base/index.ts';
import { escrowFingerprint } from '../enrol/index.ts';
import { MemoryStore } from '../storage/index.ts';
import { Keystore } from '../trust/index.ts';
import { openRepositoryAt, type Place } from './place.ts';
import { escrowsIn } from './repository-key.ts';

const { signal } = new AbortController();
const password = new Secret('correct horse');
let directory: string;
let keystore: Keystore;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-place-'));
  keystore = await Keystore.create(directory);
});
after(() => rm(directory, { recursive: true }));

function place(label: string, store = new MemoryStore()): Place {
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

test('another repository at the same place opens with its password, and its key is kept instead', async () => {
  await openRepositoryAt(place('replaced'), { create: true, password, signal });
  const other = place('replaced');
  const made = await openRepositoryAt(other, { create: true, password, signal });
  const opened = await openRepositoryAt(other, { create: false, signal });
  assert.equal(opened.id, made.id);
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
  const failing: Place = {
    ...own,
    escrow: () => Promise.reject(new HoldfastError('connection_lost', 'cut')),
  };
  const working: Place = {
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
