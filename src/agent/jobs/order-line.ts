import { HoldfastError, type Log } from '../../base/index.ts';
import {
  askOrders,
  type HeardOrders,
  type JobReport,
  reportJob,
  type ToldOrders,
} from '../../enrol/index.ts';
import type { Connection } from '../connection.ts';
import { HeldLine } from '../held-line.ts';

/** What holds a line to a server. */
export interface OrderLineOptions {
  /** Connects this machine to its server, as it is known by then. */
  readonly connect: () => Promise<Connection>;
  /** Takes what the server wants; told of it again after each of its answers. */
  readonly take: (orders: HeardOrders) => Promise<void>;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Holds the line from this machine to its server over which the server says what it wants done. */
export class OrderLine {
  readonly #signal: AbortSignal;
  readonly #line: HeldLine<ToldOrders>;

  constructor({ take, ...options }: OrderLineOptions) {
    const { signal } = options;
    this.#signal = signal;
    this.#line = new HeldLine({
      ...options,
      ask: ({ dialer, server }, known) => askOrders({ dialer, server, signal }, known),
      take: ({ orders }) => take(orders),
    });
  }

  /** Goes on until the signal is aborted. */
  async hold(): Promise<void> {
    await this.#line.hold();
  }

  /** Says something over the line. @throws HoldfastError `connection_lost` while there is none, and as `reportJob` */
  async report(report: Omit<JobReport, 'version'>): Promise<boolean> {
    const { connection } = this.#line;
    if (connection === undefined)
      throw new HoldfastError('connection_lost', 'no line to the server is held now');
    const { dialer, server, line } = connection;
    return await reportJob({ dialer, server, line, signal: this.#signal }, report);
  }
}
