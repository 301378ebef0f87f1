import { join } from 'node:path';
import { Encrypter } from 'age-encryption';
import { type Clock, HoldfastError, isHoldfastError, type Log, type Secret } from '../base/index.ts';
import { RestStore } from '../remote/index.ts';
import { CachedStore } from '../storage/index.ts';
import { TlsDialer } from '../transport/index.ts';
import type { Node } from './node.ts';
import type { Place } from './place.ts';
import { renewNode } from './renewal.ts';

/** What connecting and renewing need besides the node. */
export interface ConnectOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** How the last connection was secured, as its handshake said. */
export interface Security {
  readonly protocol: string;
  readonly group: string;
}

/** A node's way to one of its servers: mutual TLS, and what is reached through it. */
export class Connection implements AsyncDisposable {
  readonly node: Node;
  /** `https://HOST:PORT` of the server that answered. */
  readonly server: string;
  readonly dialer: TlsDialer;

  constructor(node: Node, server: string, dialer: TlsDialer) {
    this.node = node;
    this.server = server;
    this.dialer = dialer;
  }

  /** URL of this node's own repository. */
  get repositoryUrl(): string {
    return `${this.server}/${this.node.identity.name}/`;
  }

  security(): Security {
    const { protocol, group } = this.dialer.lastConnection() ?? { protocol: 'TLS', group: 'unknown' };
    return { protocol, group };
  }

  /** This node's repository, or the one at `url`; with copies of its metadata below `cache` when that is given. */
  place({ url, cache }: { url?: string | undefined; cache?: string | undefined }): Place {
    const location = url === undefined ? this.repositoryUrl : url.replace(/\/?$/, '/');
    const remote = new RestStore({ url: location, agent: this.dialer.agent() });
    const { recoveryRecipient } = this.node.state;
    return {
      store:
        cache === undefined ? remote : new CachedStore(remote, join(cache, encodeURIComponent(location))),
      keystore: this.node.keystore,
      ...(recoveryRecipient !== undefined && {
        escrow: (id: string, password: Secret<string>) => this.#escrow(id, password, recoveryRecipient),
      }),
    };
  }

  async close(): Promise<void> {
    await this.dialer.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #escrow(repositoryId: string, password: Secret<string>, recipient: string): Promise<void> {
    const encrypter = new Encrypter();
    encrypter.addRecipient(recipient);
    const sealed = await encrypter.encrypt(password.reveal());
    await putEscrow(this.dialer, this.server, { repositoryId, sealed });
  }
}

/**
 * Connects `node` to the first of its servers that answers, and renews its certificate first when two thirds of its
 * life are over. `connection_failed` names every server that was tried.
 */
export async function connectNode(node: Node, options: ConnectOptions): Promise<Connection> {
  const connection = await dialAny(node, options);
  if (!node.needsRenewal(options.clock)) return connection;
  await renewNode(node, connection, options);
  await connection.close();
  return dialAny(node, options);
}

async function dialAny(node: Node, { clock, signal }: ConnectOptions): Promise<Connection> {
  const failures: string[] = [];
  for (const server of node.state.servers) {
    const dialer = new TlsDialer({ bundle: node.bundle, credentials: node.credentials, clock });
    try {
      await dialer.check(server, { signal });
      return new Connection(node, server, dialer);
    } catch (error) {
      await dialer.close();
      if (!isHoldfastError(error, 'connection_failed')) throw error;
      failures.push(error.message);
    }
  }
  throw new HoldfastError('connection_failed', failures.join('; '), {
    hint: 'is the server up? holdfast serve starts it; holdfast status shows its address',
  });
}
