import { mkdirSync } from 'node:fs';
import { Agent, createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SampleHome } from '../../src/authority/authority.fixture.ts';
import { silentLog } from '../../src/base/index.ts';
import { RestStore } from '../../src/remote/index.ts';
import { ClientLedger } from '../../src/server/client-ledger.ts';
import { GuardedStore } from '../../src/server/guarded-store.ts';
import { removalJudge } from '../../src/server/judge-removal.ts';
import { storageHttpOptions } from '../../src/server/open-listeners.ts';
import { createStorageHandler, type StorageEvent } from '../../src/server/storage-handler.ts';
import { localNamespaces } from '../../src/server/storage-path.ts';
import { StoreTrash } from '../../src/server/store-trash.ts';

/** The storage of a server with an authority and one client, alpha, over HTTP, and time that is moved. */
export class GuardedServer implements AsyncDisposable {
  readonly home: SampleHome;
  readonly ledger: ClientLedger;
  readonly trash: StoreTrash;
  /** As the client reaches it. */
  readonly store: RestStore;
  readonly url: string;
  readonly events: StorageEvent[];
  readonly #agent: Agent;
  readonly #server: Server;

  private constructor(parts: {
    readonly home: SampleHome;
    readonly ledger: ClientLedger;
    readonly trash: StoreTrash;
    readonly events: StorageEvent[];
    readonly server: Server;
  }) {
    this.home = parts.home;
    this.ledger = parts.ledger;
    this.trash = parts.trash;
    this.events = parts.events;
    this.#server = parts.server;
    this.#agent = new Agent({ keepAlive: true });
    this.url = `http://127.0.0.1:${(parts.server.address() as AddressInfo).port}/alpha/`;
    this.store = new RestStore({ url: this.url, agent: this.#agent });
  }

  /** Keeps what is stored in `directory`, which is made. */
  static async open(directory: string): Promise<GuardedServer> {
    const home = await SampleHome.open();
    await home.node('alpha');
    const { authority } = home;
    mkdirSync(directory);
    const check = async (): Promise<void> => {};
    const now = () => authority.time();
    const storeFor = localNamespaces(directory, check, { now, judge: removalJudge(authority) });
    const ledger = new ClientLedger({ authority, directory, log: silentLog });
    const trash = new StoreTrash({ directory, check, authority });
    const events: StorageEvent[] = [];
    const handle = createStorageHandler({
      storeFor: (namespace) =>
        new GuardedStore(storeFor(namespace), {
          bounds: () => authority.clients.boundsOf(namespace.client),
          account: ledger.account(namespace.client),
        }),
      onEvent: (event) => events.push(event),
      log: silentLog,
    });
    const server = createServer(storageHttpOptions, (request, response) => {
      void handle(request, response, { client: 'alpha', appendOnly: false });
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    server.listen(0, '127.0.0.1', resolve);
    await promise;
    return new GuardedServer({ home, ledger, trash, events, server });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    this.#server.closeAllConnections();
    this.#server.close();
    await this.home[Symbol.asyncDispose]();
  }
}
