import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLog } from '../../src/base/index.ts';
import { storageHttpOptions } from '../../src/server/open-listeners.ts';
import { createStorageHandler } from '../../src/server/storage-handler.ts';
import { localNamespaces } from '../../src/server/storage-path.ts';

/** A process that does nothing but storage, over plain HTTP, for the client `me`: it may be killed at any moment. */
const [directory = ''] = process.argv.slice(2);
const handle = createStorageHandler({ storeFor: localNamespaces(directory, async () => {}), log: silentLog });
const server = createServer(storageHttpOptions, (request, response) => {
  void handle(request, response, { client: 'me', appendOnly: false });
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
