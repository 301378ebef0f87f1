import type { Socket } from 'node:net';
import { type Clock, dayMs, type ErrorCode, type Log } from '../base/index.ts';
import type { Identity } from '../pki/index.ts';

/** Somebody whom a listener let in by a bearer token though it asked for a certificate. */
export interface LetInPeer {
  readonly listener: string;
  /** `client/laptop` */
  readonly by: string;
  /** What was wrong with the certificate: `certificate_required` where there was none. */
  readonly cause: ErrorCode;
  /** Connections, since the first one. */
  readonly times: number;
  readonly first: Date;
  readonly last: Date;
}

/** Of so many it is kept at most; there is one for each identity, listener and cause. */
const maxKept = 1000;
const keptMs = dayMs;

/** Who was let in without a good certificate: said in the log for each connection, and counted for a day since the last one. */
export class LetIn {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #peers = new Map<string, LetInPeer>();
  readonly #counted: (listener: string, cause: ErrorCode) => void;
  readonly #noted = new WeakMap<Socket, Set<string>>();

  /** `counted` is told of each that is counted. */
  constructor(clock: Clock, log: Log, counted: (listener: string, cause: ErrorCode) => void = () => {}) {
    this.#counted = counted;
    this.#clock = clock;
    this.#log = log;
  }

  /** One request was let in; the first of its connection counts. */
  note(
    {
      listener,
      identity,
      socket,
    }: { readonly listener: string; readonly identity: Identity; readonly socket: Socket },
    cause: ErrorCode,
  ): void {
    const by = `${identity.role}/${identity.name}`;
    const key = `${listener} ${by} ${cause}`;
    const noted = this.#noted.get(socket) ?? new Set();
    if (noted.has(key)) return;
    this.#noted.set(socket, noted.add(key));
    this.#counted(listener, cause);
    const last = new Date(this.#clock.now());
    const { times = 0, first = last } = this.#peers.get(key) ?? {};
    this.#peers.delete(key);
    this.#peers.set(key, { listener, by, cause, times: times + 1, first, last });
    const [oldest] = this.#peers.keys();
    if (this.#peers.size > maxKept && oldest !== undefined) this.#peers.delete(oldest);
    this.#log.warn('let in without a good certificate', { listener, by, cause, from: socket.remoteAddress });
  }

  /** Those of the last day, the newest first. */
  list(): LetInPeer[] {
    const since = this.#clock.now() - keptMs;
    return [...this.#peers.values()].filter(({ last }) => last.getTime() >= since).toReversed();
  }
}
