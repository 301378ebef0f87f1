import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bytes, type ErrorCode, HoldfastError, Secret } from '../base/index.ts';
import { MemoryStore, type ObjectRef, type WriteOptions } from '../storage/index.ts';
import { idOf } from './format/blob.ts';
import { encodeConfig, newConfig } from './format/config.ts';
import { generateMasterKey } from './format/unit.ts';
import { initRepository } from './init-repository.ts';
import { openRepository } from './open-repository.ts';
import { cheapCost, createSample, samplePassword } from './sample-repository.fixture.ts';

const key = { password: samplePassword };

function withCode(code: ErrorCode, ...words: readonly string[]): (error: unknown) => boolean {
  return (error) =>
    error instanceof HoldfastError &&
    error.code === code &&
    words.every((word) => error.message.includes(word));
}

async function replaceConfig(store: MemoryStore, config: Bytes): Promise<void> {
  await store.remove({ type: 'config' });
  await store.write({ type: 'config' }, [config], { size: config.length });
}

test('a new repository opens with its password, with its master key and with a key added later', async () => {
  const { repository, store } = await createSample();
  const second = new Secret('second');
  await repository.addKey(second, { cost: cheapCost });
  for (const opened of [key, { masterKey: repository.masterKey }, { password: second }]) {
    const again = await openRepository(store, { key: opened });
    assert.equal(again.id, repository.id);
    assert.equal(again.version, 2);
    assert.equal(again.polynomial, repository.polynomial);
  }
});

test('where nothing is there is no repository', async () => {
  await assert.rejects(
    openRepository(new MemoryStore('nowhere'), { key }),
    withCode('repository_missing', 'nowhere'),
  );
});

test('a wrong password and a master key from elsewhere open nothing', async () => {
  const { store } = await createSample();
  const wrong = [{ password: new Secret('wrong') }, { masterKey: new Secret(generateMasterKey()) }];
  for (const bad of wrong)
    await assert.rejects(openRepository(store, { key: bad }), withCode('repository_wrong_key'));
});

test('a repository of a later version is refused, and says which version', async () => {
  const { repository, store } = await createSample();
  const json = Buffer.from(encodeConfig(newConfig()).toString().replace('"version":2', '"version":3'));
  await replaceConfig(store, repository.cipher.seal(json));
  await assert.rejects(openRepository(store, { key }), withCode('repository_unsupported', 'version 3'));
});

test('a damaged config is named, and told from a wrong password', async () => {
  const { store } = await createSample();
  const config = Uint8Array.from(await store.read({ type: 'config' }));
  config[20] = (config[20] ?? 0) ^ 1;
  await replaceConfig(store, config);
  await assert.rejects(openRepository(store, { key }), withCode('repository_damaged', 'config'));
});

test('a damaged config is told from that of another repository by the files that the kept key opens', async () => {
  const { repository, store } = await createSample();
  const { masterKey } = repository;
  await repository.saveIndex([]);
  const config = Uint8Array.from(await store.read({ type: 'config' }));
  config[20] = (config[20] ?? 0) ^ 1;
  for (const damaged of [config, new Uint8Array()]) {
    await replaceConfig(store, damaged);
    await assert.rejects(
      openRepository(store, { key: { masterKey } }),
      withCode('repository_damaged', 'config'),
    );
  }
  const other = { masterKey: new Secret(generateMasterKey()) };
  await assert.rejects(openRepository(store, { key: other }), withCode('repository_wrong_key'));
});

test('a damaged key file is passed over for a whole one, and named when there is none', async () => {
  const { repository, store } = await createSample();
  const junk = Buffer.from('{"kdf":"scrypt"}');
  await store.write({ type: 'keys', name: idOf(junk) }, [junk], { size: junk.length });
  assert.equal((await openRepository(store, { key })).id, repository.id);
  for (const { name } of await store.list('keys')) {
    if (name !== idOf(junk)) await store.remove({ type: 'keys', name });
  }
  await assert.rejects(openRepository(store, { key }), withCode('repository_damaged', idOf(junk)));
});

test('a repository is not made where one is, or where its data is left', async () => {
  const { repository, store } = await createSample();
  const init = async () => initRepository(store, { password: samplePassword, cost: cheapCost });
  await assert.rejects(init(), withCode('repository_exists'));
  await repository.saveIndex([]);
  await store.remove({ type: 'config' });
  await assert.rejects(init(), withCode('repository_exists', '1 files in index'));
});

class StoreThatDies extends MemoryStore {
  override async write(ref: ObjectRef, body: Iterable<Bytes>, options: WriteOptions): Promise<void> {
    if (ref.type === 'config') throw new HoldfastError('connection_lost', 'the cable is cut');
    await super.write(ref, body, options);
  }
}

test('a making that was cut off after its key is taken up, and leaves one key', async () => {
  const dying = new StoreThatDies();
  await assert.rejects(
    initRepository(dying, { password: samplePassword, cost: cheapCost }),
    withCode('connection_lost'),
  );
  const store = new MemoryStore();
  for (const { name } of await dying.list('keys')) {
    const bytes = await dying.read({ type: 'keys', name });
    await store.write({ type: 'keys', name }, [bytes], { size: bytes.length });
  }
  await initRepository(store, { password: samplePassword, cost: cheapCost });
  assert.equal((await store.list('keys')).length, 1);
  assert.equal((await openRepository(store, { key })).version, 2);
});

test('of two keys with the same password the one that opens the config counts', async () => {
  const { repository, store } = await createSample();
  const { store: other } = await createSample();
  for (const { name } of await other.list('keys')) {
    const bytes = await other.read({ type: 'keys', name });
    await store.write({ type: 'keys', name }, [bytes], { size: bytes.length });
  }
  assert.equal((await openRepository(store, { key })).id, repository.id);
});

test('of two that make a repository at once one wins, and the other leaves no key', async () => {
  const store = new MemoryStore();
  const make = async () => initRepository(store, { password: samplePassword, cost: cheapCost });
  const results = await Promise.allSettled([make(), make()]);
  assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  assert.equal((await store.list('keys')).length, 1);
  assert.equal((await openRepository(store, { key })).version, 2);
});
