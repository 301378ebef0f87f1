import { setTimeout as sleep } from 'node:timers/promises';
import { HoldfastError, isHoldfastError, type Log, minuteMs, secondMs } from '../../base/index.ts';
import {
  askOrders,
  type HeardOrders,
  type JobReport,
  reportJob,
  type ToldOrders,
} from '../../enrol/index.ts';
import type { Connection } from '../connection.ts';

/** What holds a line to a server. */
export interface OrderLineOptions {
  /** Connects this machine to its server, as it is known by then. */
  readonly connect: () => Promise<Connection>;
  /** Takes what the server wants; told of it again after each of its answers. */
  readonly take: (orders: HeardOrders) => Promise<void>;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** A line that is lost is dialled again so soon, and at the latest. */
const shortestWaitMs = secondMs;
const longestWaitMs = 5 * minuteMs;
/** A server that knows no orders is asked again, when it may be another one. */
const unknownWaitMs = 15 * minuteMs;

/**
 * Holds one line from this machine to its server, over which the server says what it wants: nothing is ever opened here. Lost, it is
 * dialled again, more slowly each time, and never by all machines at once.
 */
export class OrderLine {
  readonly #options: OrderLineOptions;
  #connection: Connection | undefined;
  /** What was said of it last, so that it is not said at each attempt. */
  #said: string | undefined;

  constructor(options: OrderLineOptions) {
    this.#options = options;
  }

  /** Goes on until the signal is aborted. */
  async hold(): Promise<void> {
    const { signal } = this.#options;
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#listen(() => {
          failures = 0;
        });
      } catch (error) {
        if (signal.aborted) return;
        this.#sayLost(error);
        const waitMs = waitAfter(error, failures);
        failures += 1;
        await sleep(waitMs, undefined, { signal }).catch(() => {});
      }
    }
  }

  /** Says something over the line. @throws HoldfastError `connection_lost` while there is none, and as `reportJob` */
  async report(report: Omit<JobReport, 'version'>): Promise<boolean> {
    const { signal } = this.#options;
    if (this.#connection === undefined)
      throw new HoldfastError('connection_lost', 'no line to the server is held now');
    const { dialer, server, line } = this.#connection;
    return await reportJob({ dialer, server, line, signal }, report);
  }

  async #listen(onAnswer: () => void): Promise<void> {
    const { connect, take, signal, log } = this.#options;
    using connection = await connect();
    this.#connection = connection;
    try {
      const { dialer, server } = connection;
      for (let told: ToldOrders | undefined; !signal.aborted; ) {
        told = (await askOrders({ dialer, server, signal }, told?.tag)) ?? told;
        onAnswer();
        if (this.#said !== '') log.info('a line to the server is held', { server });
        this.#said = '';
        if (told !== undefined) await take(told.orders);
      }
    } finally {
      this.#connection = undefined;
    }
  }

  #sayLost(error: unknown): void {
    const what = isHoldfastError(error) ? error.code : String(error);
    if (this.#said === what) return;
    this.#said = what;
    const { log } = this.#options;
    if (isHoldfastError(error)) log.warn('no line to the server is held', { error });
    else log.error('no line to the server can be held', { error });
  }
}

/** Half of it by chance: what a server's end cuts together comes back apart. */
function waitAfter(error: unknown, failures: number): number {
  const isUnknown = isHoldfastError(error, 'operation_unknown', 'service_elsewhere', 'node_not_joined');
  const longest = Math.min(longestWaitMs, shortestWaitMs * 2 ** Math.min(failures, 16));
  return (isUnknown ? unknownWaitMs : longest) * (0.5 + Math.random() / 2);
}
