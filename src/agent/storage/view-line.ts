import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, isHoldfastError, type Log, minuteMs } from '../../base/index.ts';
import {
  askNetworkView,
  type SignedNetworkView,
  type StorageReport,
  sendStorageReport,
  type ToldView,
} from '../../enrol/index.ts';
import { Line } from '../../transport/index.ts';
import { connectNode } from '../connection.ts';
import { HeldLine } from '../held-line.ts';
import type { Node } from '../node.ts';

export interface ViewLineOptions {
  /** The storage node. */
  readonly node: Node;
  /** Takes a view that the server gives; whether it is to be believed is for it to say. */
  readonly take: (signed: SignedNetworkView) => Promise<void>;
  /** How this node is, for the server; nothing is said while it is undefined. */
  readonly report: () => Promise<Omit<StorageReport, 'version'> | undefined>;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** How often the server is told how this node is. */
const reportEveryMs = minuteMs;

/**
 * Holds the line from a storage node to the server of its network: views come over it within moments of what was decided, and the
 * certificate of the node is renewed on the way. Nothing that goes wrong with it ends anything.
 */
export class ViewLine {
  readonly #options: ViewLineOptions;
  readonly #line: HeldLine<ToldView>;
  #said: string | undefined;

  constructor(options: ViewLineOptions) {
    const { node, take, clock, log, signal } = options;
    this.#options = options;
    this.#line = new HeldLine({
      connect: () => connectNode(node, { clock, log, signal, line: new Line() }),
      ask: ({ dialer, server }, known) => askNetworkView({ dialer, server, signal }, known),
      take: ({ signed }) => take(signed),
      log,
      signal,
    });
  }

  /** Asks once for the view as it is. @throws HoldfastError as `connectNode`, and what the view is refused by */
  async fetch(): Promise<void> {
    const { node, take, clock, log, signal } = this.#options;
    using connection = await connectNode(node, { clock, log, signal });
    const { dialer, server } = connection;
    const told = await askNetworkView({ dialer, server, signal }, undefined);
    if (told !== undefined) await take(told.signed);
  }

  /** Goes on until the signal is aborted. */
  async hold(): Promise<void> {
    await Promise.all([this.#line.hold(), this.#tellAndRenew()]);
  }

  async #tellAndRenew(): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      await this.#tellOnce();
      await sleep(reportEveryMs, undefined, { signal }).catch(() => {});
    }
  }

  /** Over a connection of its own, which renews the certificate of the node first where that is due. */
  async #tellOnce(): Promise<void> {
    const { node, report, clock, log, signal } = this.#options;
    try {
      const told = await report();
      if (told === undefined) return;
      using connection = await connectNode(node, { clock, log, signal, line: new Line() });
      const { dialer, server } = connection;
      await sendStorageReport({ dialer, server, signal }, told);
      this.#said = undefined;
    } catch (error) {
      if (signal.aborted) return;
      const what = isHoldfastError(error) ? error.code : String(error);
      if (this.#said !== what) log.warn('the server is not told how this storage node is', { error });
      this.#said = what;
    }
  }
}
