import { setTimeout as sleep } from 'node:timers/promises';
import { isHoldfastError, type Log, minuteMs, secondMs } from '../base/index.ts';
import type { Connection } from './connection.ts';

/** What holds a line to a server. */
export interface HeldLineOptions<Told extends { readonly tag: string }> {
  /** Connects this machine to its server, as it is known by then. */
  readonly connect: () => Promise<Connection>;
  /** Asks what the server wants; it holds the answer back while that is what is known, and gives nothing then. */
  readonly ask: (connection: Connection, known: string | undefined) => Promise<Told | undefined>;
  /** Takes what the server wants; told of it again after each of its answers. */
  readonly take: (told: Told, connection: Connection) => Promise<void>;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** A line that is lost is dialled again so soon, and at the latest. */
const shortestWaitMs = secondMs;
const longestWaitMs = 5 * minuteMs;
/** A server that knows nothing of what is asked is asked again, when it may be another one. */
const unknownWaitMs = 15 * minuteMs;

/**
 * Holds one line from this machine to its server, over which the server says what is new: nothing is ever opened here. Lost, it is
 * dialled again, more slowly each time, and never by all machines at once.
 */
export class HeldLine<Told extends { readonly tag: string }> {
  readonly #options: HeldLineOptions<Told>;
  #connection: Connection | undefined;
  /** What was said of it last, so that it is not said at each attempt. */
  #said: string | undefined;

  constructor(options: HeldLineOptions<Told>) {
    this.#options = options;
  }

  /** The connection that is held now. */
  get connection(): Connection | undefined {
    return this.#connection;
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

  async #listen(onAnswer: () => void): Promise<void> {
    const { connect, ask, take, signal, log } = this.#options;
    using connection = await connect();
    this.#connection = connection;
    try {
      for (let told: Told | undefined; !signal.aborted; ) {
        told = (await ask(connection, told?.tag)) ?? told;
        if (told !== undefined) await take(told, connection);
        onAnswer();
        if (this.#said !== '') log.info('a line to the server is held', { server: connection.server });
        this.#said = '';
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
