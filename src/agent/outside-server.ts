import type { Clock, Secret } from '../base/index.ts';
import { RestStore } from '../remote/index.ts';
import type { TransferLimits } from '../storage/index.ts';
import { type ConnectionInfo, Hot, type Line, outsideRoots, TlsDialer } from '../transport/index.ts';
import { bearerHeader, standsAlone, type TrustBundle } from '../trust/index.ts';
import { bearAsSaid } from './connection.ts';
import { heldToken } from './held-token.ts';
import { readLocalTrust } from './local-trust.ts';
import { findRepository } from './move-to-server.ts';
import { findKeystore, type Node, openOrCreateKeystore } from './node.ts';
import { type RepositoryLocation, remoteRepository } from './repository-location.ts';

/** What is dialed with. */
export interface OutsideWay {
  readonly clock: Clock;
  readonly line: Line;
  readonly signal: AbortSignal;
}

/** Whose machine dials. */
export interface OutsideCaller {
  /** Where its keystore is. */
  readonly directory: string;
  /** Undefined before it has joined a network. */
  readonly node: Node | undefined;
}

/**
 * A server outside the network, for a repository there: believed by what was added on this machine for it, else by the roots
 * of the system. It is never shown the certificate of this machine, and a bearer token where one is held for it.
 */
export class OutsideServer implements Disposable {
  readonly #url: URL;
  readonly #directory: string;
  readonly #dialer: TlsDialer;
  readonly #line: Line;

  private constructor(url: URL, directory: string, { dialer, line }: { dialer: TlsDialer; line: Line }) {
    this.#url = url;
    this.#directory = directory;
    this.#dialer = dialer;
    this.#line = line;
  }

  /**
   * The server at `url`, to which the token is shown that is held for it unless one is said; undefined when it belongs to the network of the caller: by its host, to which the roots of the
   * system never speak, or by what it proves.
   *
   * @throws HoldfastError as {@link TlsDialer.connect}
   */
  static async find(
    url: string,
    caller: OutsideCaller,
    way: OutsideWay,
    said?: Secret<string>,
  ): Promise<OutsideServer | undefined> {
    const location = new URL(url.replace(/\/?$/, '/'));
    if (caller.node !== undefined && isKnown(caller.node, location.hostname)) return undefined;
    const bundle = caller.node?.bundle ?? new Hot(await bundleOf(caller.directory));
    const { clock, line, signal } = way;
    if (caller.node !== undefined) bearAsSaid(line, caller.node);
    const { clientPolicy: policy = {} } = caller.node ?? {};
    const token = said ?? (await tokenFor(location.origin, caller));
    const authorization = token && bearerHeader(token);
    const dialer = new TlsDialer({ bundle, clock, policy, outsideRoots, authorization });
    try {
      const socket = await line.attempt({ signal, isKnown: false }, () =>
        dialer.connect(location, { signal }),
      );
      socket.destroy();
      if (isOutside(bundle.current, dialer))
        return new OutsideServer(location, caller.directory, { dialer, line });
    } catch (error) {
      dialer.close();
      throw error;
    }
    dialer.close();
    return undefined;
  }

  /** The repository. Its key is kept by the whole URL. */
  async place(cache: string | undefined, limits: TransferLimits = {}): Promise<RepositoryLocation> {
    const label = this.#url.href;
    const rest = new RestStore({ url: label, agent: this.#dialer.agent(), line: this.#line });
    return await remoteRepository(rest, { label, directory: this.#directory, cache, limits });
  }

  /** Asks for the repository; that there is none yet is no fault. @throws HoldfastError what it refuses by */
  async ask(signal: AbortSignal): Promise<void> {
    await findRepository(this.#url.href, this.#dialer, signal);
  }

  /** How the latest connection is protected. */
  security(): ConnectionInfo {
    const last = this.#dialer.lastConnection();
    if (last === undefined) throw new TypeError('not connected yet');
    return last;
  }

  [Symbol.dispose](): void {
    this.#dialer.close();
  }
}

/** Where nothing is verified, nothing says that a server is outside. */
function isKnown(node: Node, host: string): boolean {
  return isOfNetwork(node, host) || !node.clientPolicy.verifyServer;
}

/** Whether a host is one by which servers of the node's network are called. */
export function isOfNetwork({ state }: Pick<Node, 'state'>, host: string): boolean {
  return [...state.servers, state.statusAddress].some((url) => URL.parse(url)?.hostname === host);
}

async function tokenFor(origin: string, { directory }: OutsideCaller): Promise<Secret<string> | undefined> {
  const keystore = await findKeystore(directory);
  return keystore && heldToken(keystore, origin);
}

/** Before a machine has joined a network there is none whose nodes it believes. */
async function bundleOf(directory: string): Promise<TrustBundle> {
  const keystore = await openOrCreateKeystore(directory);
  return { network: '', anchors: await readLocalTrust(directory, keystore) };
}

/** A root that the bundle has, for the network or for a name of its servers, vouches for one of them. */
function isOutside({ network, anchors }: TrustBundle, dialer: TlsDialer): boolean {
  const root = dialer.lastRoot();
  return !anchors.some((anchor) => network !== '' && anchor.fingerprint === root && !standsAlone(anchor));
}
