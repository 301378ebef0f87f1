import type { Agent } from 'node:http';
import type { Clock } from '../../base/index.ts';
import { type Credentials, type Hot, TlsDialer } from '../../transport/index.ts';
import type { TrustBundle } from '../../trust/index.ts';

/** A node that keeps repositories, and where: `https://host:port`, best first. */
interface NodePlace {
  readonly name: string;
  readonly servers: readonly string[];
}

export interface ReplicaWaysOptions {
  readonly bundle: Hot<TrustBundle>;
  readonly credentials: Hot<Credentials>;
  /** All that are known by now. */
  readonly nodes: () => Promise<readonly NodePlace[]>;
  readonly clock: Clock;
}

/** The ways from this node to the others that keep repositories. Whoever answers has to prove that it is the node of that name. */
export class ReplicaWays implements Disposable {
  readonly #options: ReplicaWaysOptions;
  readonly #dialers = new Map<string, TlsDialer>();

  constructor(options: ReplicaWaysOptions) {
    this.#options = options;
  }

  /** The way to a node; undefined while nobody knows where it is. */
  async to(node: string): Promise<{ readonly server: string; readonly agent: Agent } | undefined> {
    const known = (await this.#options.nodes()).find(({ name }) => name === node);
    const [server] = known?.servers ?? [];
    return server === undefined ? undefined : { server, agent: this.#dialerTo(node).agent() };
  }

  [Symbol.dispose](): void {
    for (const dialer of this.#dialers.values()) dialer.close();
    this.#dialers.clear();
  }

  #dialerTo(name: string): TlsDialer {
    const { bundle, credentials, clock } = this.#options;
    const dialer =
      this.#dialers.get(name) ??
      new TlsDialer({ bundle, credentials, clock, name, roles: ['server', 'storage'] });
    this.#dialers.set(name, dialer);
    return dialer;
  }
}
