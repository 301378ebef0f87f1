import type { Socket } from 'node:net';

/** Bounds for connections that have not finished their handshake. */
export interface HalfOpenLimits {
  /** How long a handshake may take, from the accepted connection on. */
  readonly timeoutMs: number;
  /** How many may be under way at once. */
  readonly maxCount: number;
}

/**
 * The connections of a listener that have not finished their handshake. One that takes too long is ended; when there
 * are too many, the oldest is: an honest handshake is through within milliseconds, so that a flood of idle connections
 * pushes out itself and not those who come after.
 */
export class HalfOpen {
  readonly #limits: HalfOpenLimits;
  readonly #timers = new Map<Socket, NodeJS.Timeout>();

  constructor(limits: HalfOpenLimits) {
    this.#limits = limits;
  }

  add(socket: Socket): void {
    this.#timers.set(
      socket,
      setTimeout(() => this.#drop(socket), this.#limits.timeoutMs),
    );
    socket.once('close', () => this.delete(socket));
    const [oldest] = this.#timers.keys();
    if (this.#timers.size > this.#limits.maxCount && oldest !== undefined) this.#drop(oldest);
  }

  /** Takes the connection out, because its handshake is done or it is gone. */
  delete(socket: Socket): void {
    clearTimeout(this.#timers.get(socket));
    this.#timers.delete(socket);
  }

  #drop(socket: Socket): void {
    this.delete(socket);
    socket.destroy();
  }
}
