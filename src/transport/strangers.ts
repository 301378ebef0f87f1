import type { Socket } from 'node:net';
import { placeOfAddress } from '../pki/index.ts';

/** Bounds for connections that have proved no identity of ours. */
export interface StrangerLimits {
  /** How long a handshake may take, and the first request of whoever has to prove something. */
  readonly proofMs: number;
  /** How long one may stay that has nothing to prove. */
  readonly stayMs: number;
  /** How many there may be from one place: an IPv4 address, or a /64 of IPv6. */
  readonly maxFromPlace: number;
  /** How many there may be in all. */
  readonly maxCount: number;
}

type Timers = Map<Socket, NodeJS.Timeout>;

/**
 * The connections of a listener that have proved no identity of ours. They are counted apart from those that have, few
 * from each place, and none stays long. When there are too many, the oldest goes, of the place with the most: an honest
 * handshake is through within milliseconds, so that a flood pushes out itself and not those who come after.
 */
export class Strangers {
  readonly #limits: StrangerLimits;
  /** By place; of each place the oldest first. */
  readonly #places = new Map<string, Timers>();
  #count = 0;

  constructor(limits: StrangerLimits) {
    this.#limits = limits;
  }

  add(socket: Socket): void {
    const place = placeOf(socket);
    const there: Timers = this.#places.get(place) ?? new Map();
    this.#places.set(place, there);
    there.set(socket, endAfter(socket, this.#limits.proofMs));
    this.#count += 1;
    socket.once('close', () => this.#remove(place, socket));
    if (there.size > this.#limits.maxFromPlace) endOldest(there);
    else if (this.#count > this.#limits.maxCount) endOldest(this.#fullest());
  }

  /** One that has nothing to prove may stay for a while. */
  letStay(socket: Socket): void {
    const there = this.#places.get(placeOf(socket));
    clearTimeout(there?.get(socket));
    there?.set(socket, endAfter(socket, this.#limits.stayMs));
  }

  /** One that has proved to be ours is no stranger any more. */
  release(socket: Socket): void {
    this.#remove(placeOf(socket), socket);
  }

  #remove(place: string, socket: Socket): void {
    const there = this.#places.get(place);
    clearTimeout(there?.get(socket));
    if (there?.delete(socket) !== true) return;
    this.#count -= 1;
    if (there.size === 0) this.#places.delete(place);
  }

  #fullest(): Timers {
    let fullest: Timers = new Map();
    for (const there of this.#places.values()) if (there.size > fullest.size) fullest = there;
    return fullest;
  }
}

const releases = new WeakMap<Socket, () => void>();

/** Has `release` called once the peer of a connection proves by a request who it is, and not by its handshake. */
export function onceProved(socket: Socket, release: () => void): void {
  releases.set(socket, release);
}

/** The peer of a connection has proved an identity of ours. */
export function proved(socket: Socket): void {
  releases.get(socket)?.();
  releases.delete(socket);
}

/** Where a connection comes from, as far as strangers are counted. */
export function placeOf({ remoteAddress }: Socket): string {
  return placeOfAddress(remoteAddress ?? '');
}

function endAfter(socket: Socket, timeoutMs: number): NodeJS.Timeout {
  return setTimeout(() => socket.destroy(), timeoutMs);
}

function endOldest(there: Timers): void {
  const [oldest] = there.keys();
  oldest?.destroy();
}
