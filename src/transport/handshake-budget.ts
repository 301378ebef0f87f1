import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import type * as Koffi from 'koffi';
import { HoldfastError, secondMs } from '../base/index.ts';
import { type Identity, placeOfAddress } from '../pki/index.ts';

/** How many handshakes that prove nothing are put up with in a second; each costs about a millisecond. */
export interface HandshakeLimits {
  readonly maxFromPlace: number;
  readonly maxInAll: number;
}

/** So many places of ours are remembered, the last ones. */
const maxKnownPlaces = 10_000;

/**
 * Counts handshakes a second at a time, and gives back those that proved an identity of ours. A place that one of ours
 * came from has a share that others cannot take: a flood from everywhere keeps out whoever was never here.
 */
export class HandshakeBudget {
  readonly #limits: HandshakeLimits;
  readonly #known = new Set<string>();
  #spent = new Map<string, number>();
  #spentInAll = 0;
  #sinceMs = -Infinity;

  constructor(limits: HandshakeLimits) {
    this.#limits = limits;
  }

  /**
   * Takes one handshake for this place and gives 0, or takes none and gives the milliseconds until there may be one
   * again. `nowMs` is of a monotonic clock.
   */
  spend(place: string, nowMs: number): number {
    if (nowMs - this.#sinceMs >= secondMs) this.#begin(nowMs);
    const spent = this.#spent.get(place) ?? 0;
    const isFlood = this.#spentInAll >= this.#limits.maxInAll && !this.#known.has(place);
    if (isFlood || spent >= this.#limits.maxFromPlace) return this.#sinceMs + secondMs - nowMs;
    this.#spent.set(place, spent + 1);
    this.#spentInAll += 1;
    return 0;
  }

  /** Takes more for a handshake that was dearer than others, though it is over. */
  charge(place: string, handshakes: number): void {
    this.#spent.set(place, (this.#spent.get(place) ?? 0) + handshakes);
    this.#spentInAll += handshakes;
  }

  /** Gives one back, since it proved an identity of ours. */
  refund(place: string): void {
    this.#remember(place);
    const spent = this.#spent.get(place) ?? 0;
    if (spent === 0) return;
    this.#spent.set(place, spent - 1);
    this.#spentInAll -= 1;
  }

  /** What was charged beyond the share of a second is taken from those that follow. */
  #begin(nowMs: number): void {
    const seconds = Math.floor((nowMs - this.#sinceMs) / secondMs);
    const { maxFromPlace, maxInAll } = this.#limits;
    const debts = this.#spent
      .entries()
      .map(([place, spent]) => [place, spent - seconds * maxFromPlace] as const);
    this.#spent = new Map(debts.filter(([, debt]) => debt > 0));
    this.#spentInAll = Math.max(0, this.#spentInAll - seconds * maxInAll);
    this.#sinceMs = nowMs;
  }

  #remember(place: string): void {
    this.#known.delete(place);
    this.#known.add(place);
    const [oldest] = this.#known;
    if (this.#known.size > maxKnownPlaces && oldest !== undefined) this.#known.delete(oldest);
  }
}

/** Authorities that OpenSSL follows above a leaf; the longest chains of the web have three. */
const depth = 3;
/** X509_V_FLAG_TRUSTED_FIRST, which the parameters of this name have. */
const trustedFirst = 0x8000;

let isDone = false;

/**
 * Bounds what OpenSSL does with a peer's certificates during a handshake, for the whole process: it verifies every
 * signature of the chain that was sent, by keys of the sender's choice, before anybody here sees it and whatever is made
 * of its verdict. In 100 kB are 75 keys of 3072 bits with exponents as long: 445 ms of the thread that serves or dials; 26 ms
 * with four certificates. Whoever accepts TLS and whoever dials asks for it before. Our own judgement is of the certificates as they were sent, so that nothing depends on this.
 *
 * Node has no option for it. OpenSSL takes its parameters from the set called `default`, and lets programs put another in
 * its place (X509_VERIFY_PARAM_add0_table(3)); Node exports these functions for addons.
 *
 * Where they are not there, `onFailure` is told why, and handshakes are as dear as OpenSSL lets them be.
 */
export function limitHandshakes(onFailure: (error: unknown) => void = () => {}): void {
  if (isDone) return;
  try {
    replaceDefaults();
    isDone = true;
  } catch (error) {
    onFailure(error);
  }
}

function replaceDefaults(): void {
  const openssl = (createRequire(import.meta.url)('koffi') as typeof Koffi).load(null);
  const call = (prototype: string, ...words: unknown[]): unknown => openssl.func(prototype)(...words);
  const parameters = call('void *X509_VERIFY_PARAM_new()');
  call('int X509_VERIFY_PARAM_set1_name(void *parameters, const char *name)', parameters, 'default');
  call('int X509_VERIFY_PARAM_set_flags(void *parameters, unsigned long flags)', parameters, trustedFirst);
  call('void X509_VERIFY_PARAM_set_depth(void *parameters, int depth)', parameters, depth);
  call('int X509_VERIFY_PARAM_add0_table(void *parameters)', parameters);
}

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

/** Connections of one identity at once: as many as requests of a client, and a forty-eighth of what a listener takes. */
const maxHeld = 256;

/**
 * Counts the connections that each identity has proved itself on, so that one that is broken into, or mad, leaves the
 * others theirs: beyond its share it stays a stranger.
 */
export class HeldConnections {
  readonly #held = new Map<string, number>();

  /** @throws HoldfastError `connections_exhausted` when it has as many as it may */
  take({ role, name }: Identity): void {
    const key = `${role}/${name}`;
    const held = this.#held.get(key) ?? 0;
    if (held >= maxHeld)
      throw new HoldfastError(
        'connections_exhausted',
        `${role} ${name} has ${held} connections open, and no identity may have more`,
      );
    this.#held.set(key, held + 1);
  }

  giveBack({ role, name }: Identity): void {
    const key = `${role}/${name}`;
    const left = (this.#held.get(key) ?? 1) - 1;
    if (left > 0) this.#held.set(key, left);
    else this.#held.delete(key);
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
