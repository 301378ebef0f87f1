import { type Log, minuteMs } from '../base/index.ts';

/** How often a listener says it: anybody can cause it as often as he likes. */
const sayEveryMs = minuteMs;
/** Of a TLS record with a handshake in it, whatever the version (RFC 8446 §5.1). */
const handshakeRecord = [22, 3] as const;

/** Whether the first bytes of a connection begin a TLS handshake. */
export function beginsTls(first: Uint8Array): boolean {
  return handshakeRecord.every((byte, index) => first[index] === byte);
}

/** Says in the log of the server that peers speak another protocol than a listener does: at most once a minute. */
export class MistakenProtocol {
  readonly #listener: string;
  readonly #log: Log;
  #unsaid = 0;
  #saidMs = Number.NEGATIVE_INFINITY;

  constructor(listener: string, log: Log) {
    this.#listener = listener;
    this.#log = log;
  }

  /** A peer at `from` has done it, at `nowMs` of a clock that only goes on; `what` says what he has to do instead. */
  note(what: string, from: string | undefined, nowMs: number): void {
    this.#unsaid += 1;
    if (nowMs - this.#saidMs < sayEveryMs) return;
    this.#log.warn(what, { listener: this.#listener, from, times: this.#unsaid });
    this.#saidMs = nowMs;
    this.#unsaid = 0;
  }
}
