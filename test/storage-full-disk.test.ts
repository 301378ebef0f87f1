import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { Agent, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { silentLog } from '../src/base/index.ts';
import { RestStore } from '../src/remote/index.ts';
import { createStorageHandler } from '../src/server/storage-handler.ts';
import { LocalStore, type ObjectStore } from '../src/storage/index.ts';
import { put, rejectsWith, sampleBytes } from '../src/storage/object-store.contract.ts';
import { cannotMount, mountSmallDisk } from './rig/small-disk.ts';
import { temporaryDirectory } from './rig/temporary-directory.ts';

function openSmallDisk(t: TestContext): LocalStore {
  const directory = temporaryDirectory();
  const disk = mountSmallDisk(directory.path, '8m');
  t.after(() => {
    disk[Symbol.dispose]();
    directory[Symbol.dispose]();
  });
  return new LocalStore(join(directory.path, 'me'));
}

async function overHttp(t: TestContext, store: LocalStore): Promise<RestStore> {
  const handle = createStorageHandler({ storeFor: () => store, log: silentLog });
  const server = createServer((request, response) => {
    void handle(request, response, { client: 'me', appendOnly: false });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = new Agent({ keepAlive: true });
  t.after(() => {
    agent.destroy();
    server.close();
  });
  return new RestStore({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/me/`, agent });
}

async function fillUp(store: ObjectStore, local: LocalStore): Promise<void> {
  await store.create();
  const small = await put(store, 'data', sampleBytes(1_000_000));
  await rejectsWith(put(store, 'data', sampleBytes(16_000_000)), 'storage_full');
  assert.deepEqual(await readdir(join(local.location, '.uploads')), []);
  assert.equal((await store.list('data')).length, 1);
  await put(store, 'data', sampleBytes(2_000_000, 2));
  assert.deepEqual(new Uint8Array(await store.read(small)), sampleBytes(1_000_000));
}

describe('a disk that becomes full during an upload', { skip: cannotMount }, () => {
  it('is told as such, keeps what it has, and takes what still fits', async (t) => {
    const local = openSmallDisk(t);
    await fillUp(local, local);
  });

  it('is told to a client of the server too, which does not try again', async (t) => {
    const local = openSmallDisk(t);
    await fillUp(await overHttp(t, local), local);
  });
});
