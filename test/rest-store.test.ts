import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { silentLog } from '../src/base/index.ts';
import { RestStore } from '../src/remote/index.ts';
import { createStorageHandler } from '../src/server/storage-handler.ts';
import { MemoryStore } from '../src/storage/index.ts';
import { objectStoreContract } from '../src/storage/object-store.contract.ts';

async function open(t: TestContext): Promise<RestStore> {
  const store = new MemoryStore();
  const handle = createStorageHandler({ storeFor: () => store, log: silentLog });
  const server = http.createServer((request, response) => {
    void handle(request, response, { client: 'me', appendOnly: false });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const agent = new http.Agent({ keepAlive: true });
  t.after(() => {
    agent.destroy();
    server.closeAllConnections();
    server.close();
  });
  return new RestStore({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/me/`, agent });
}
objectStoreContract('RestStore', open);
