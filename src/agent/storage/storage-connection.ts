import { HoldfastError, isHoldfastError, type Secret } from '../../base/index.ts';
import { type EscrowFingerprint, fetchStorageNodes, type StorageNodeAddresses } from '../../enrol/index.ts';
import { RestStore } from '../../remote/index.ts';
import { CachedStore, LimitedStore } from '../../storage/index.ts';
import {
  type ConnectionInfo,
  isOutOfReach,
  isUnheard,
  Line,
  onceOnly,
  type TlsDialer,
} from '../../transport/index.ts';
import {
  bearAsSaid,
  type Connection,
  cacheOf,
  connectNode,
  dialerOf,
  type PlaceRequest,
  repositoryLabel,
} from '../connection.ts';
import type { Node } from '../node.ts';
import type { RenewalOptions } from '../renewal.ts';
import type { RepositoryLocation } from '../repository-location.ts';

/** A node's way to one of the storage nodes of its network: mutual TLS, and its own repository there. */
export class StorageConnection implements Disposable {
  readonly node: Node;
  /** Of the storage node. */
  readonly name: string;
  /** `https://HOST:PORT` of the address that answered. */
  readonly server: string;
  readonly dialer: TlsDialer;
  readonly #options: RenewalOptions & { readonly line: Line };

  constructor(
    node: Node,
    { name, server, dialer }: Pick<StorageConnection, 'name' | 'server' | 'dialer'>,
    options: RenewalOptions & { readonly line: Line },
  ) {
    this.node = node;
    this.name = name;
    this.server = server;
    this.dialer = dialer;
    this.#options = options;
  }

  /** How the latest connection is protected. */
  security(): ConnectionInfo {
    const last = this.dialer.lastConnection();
    if (last === undefined) throw new TypeError('not connected yet');
    return last;
  }

  /** This node's repository there. Its key is kept by the name of the storage node, which may move. */
  async place({
    cache,
    onQuota,
    limits,
  }: Omit<PlaceRequest, 'url' | 'isGranted'> = {}): Promise<RepositoryLocation> {
    const { node, server, dialer, name } = this;
    const path = `/${node.identity.name}/`;
    const label = repositoryLabel(node, `/-/storage/${name}${path}`);
    const rest = new RestStore({
      url: `${server}${path}`,
      agent: dialer.agent(),
      line: this.#options.line,
      onQuota,
    });
    const remote = limits === undefined ? rest : new LimitedStore(rest, limits);
    return {
      label,
      store: cache === undefined ? remote : await CachedStore.open(remote, cacheOf(cache, label)),
      keystore: node.keystore,
      escrow: (repository, password) => this.#escrow(repository, password),
    };
  }

  [Symbol.dispose](): void {
    this.dialer.close();
  }

  /** The server keeps it; while nobody reaches that, it is left there with a later backup. */
  async #escrow(repository: string, password: Secret<string>): Promise<EscrowFingerprint | undefined> {
    const { clock, log, signal } = this.#options;
    try {
      using server = await connectNode(this.node, { clock, log, signal, line: onceOnly() });
      return await server.leaveEscrow(repository, password, signal);
    } catch (error) {
      if (!isOutOfReach(error)) throw error;
      log.warn('the second key of the repository is not left with the server yet', { error });
      return undefined;
    }
  }
}

/** Which storage node is connected to. */
interface StorageWish {
  readonly name: string;
  /** Whether there is another place to go to, so that one that does not answer is not waited for. */
  readonly hasNext?: boolean;
}

/**
 * Connects a node to a storage node of its network, by name: at the addresses that the server tells, or that it told last where it
 * is out of reach. Whoever answers has to prove by its certificate to be the storage node of that name.
 *
 * @throws HoldfastError `storage_node_unknown`, and as `TlsDialer.connect`
 */
export async function connectStorage(
  node: Node,
  { name, hasNext = false }: StorageWish,
  options: RenewalOptions,
): Promise<StorageConnection> {
  const { clock, log, signal, line = new Line() } = options;
  bearAsSaid(line, node);
  const known = await storageNodesOf(node, options);
  const servers = known.find((each) => each.name === name)?.servers ?? [];
  if (servers.length === 0) throw unknownNode(name, known);
  const dialer = dialerOf(node, { clock, log }, { storageNode: name });
  try {
    const dialing = hasNext ? onceOnly() : line;
    const server = await dialing.attempt({ signal }, () => firstOf(servers, dialer, signal));
    return new StorageConnection(node, { name, server, dialer }, { ...options, line });
  } catch (error) {
    dialer.close();
    throw error;
  }
}

async function firstOf(servers: readonly string[], dialer: TlsDialer, signal: AbortSignal): Promise<string> {
  const failures: HoldfastError[] = [];
  for (const server of servers) {
    try {
      const socket = await dialer.connect(server, { signal });
      socket.end();
      return server;
    } catch (error) {
      if (!isHoldfastError(error) || isHoldfastError(error, 'interrupted')) throw error;
      failures.push(error);
    }
  }
  throw failures.find((failure) => !isUnheard(failure)) ?? failures[0];
}

/** As the server says, and kept; as it said last while it is out of reach, which also renews the certificate of this node where that is due. */
async function storageNodesOf(
  node: Node,
  { clock, log, signal }: RenewalOptions,
): Promise<readonly StorageNodeAddresses[]> {
  const kept = node.state.storageNodes ?? [];
  try {
    using connection = await connectNode(node, { clock, log, signal, line: onceOnly() });
    return await learnStorageNodes(connection, signal);
  } catch (error) {
    if (!isOutOfReach(error) || kept.length === 0) throw error;
    log.debug('the server is out of reach, and storage nodes are where they were', { error });
    return kept;
  }
}

/** Asks the server which storage nodes there are, and keeps it. */
async function learnStorageNodes(
  { node, dialer, server }: Connection,
  signal: AbortSignal,
): Promise<readonly StorageNodeAddresses[]> {
  const nodes = await fetchStorageNodes({ dialer, server, signal });
  if (dialer.doubt() !== undefined) return nodes;
  if (JSON.stringify(nodes) !== JSON.stringify(node.state.storageNodes ?? []))
    await node.updateState({ storageNodes: [...nodes] });
  return nodes;
}

function unknownNode(name: string, known: readonly StorageNodeAddresses[]): HoldfastError {
  const silent = known.some((each) => each.name === name);
  const others = known.map((each) => each.name).join(', ') || 'none';
  return new HoldfastError(
    'storage_node_unknown',
    silent
      ? `the storage node ${name} has not said yet where it is`
      : `the network has no storage node ${name}; it has: ${others}`,
    { names: known.map((each) => each.name) },
  );
}
