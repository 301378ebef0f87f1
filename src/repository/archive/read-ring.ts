import { type Arena, controlWords, leaseCount } from './arena.ts';

interface Lease {
  /** Index of its flag, or -1 for a stretch that was skipped. */
  readonly flag: number;
  /** Where it ends, in bytes since the beginning. */
  readonly end: number;
}

/**
 * The scanner's side of the ring that file data is read into. Positions count bytes since the beginning and never wrap;
 * `addressOf` says where in memory they are. What has been leased to a sealer is free again when its flag says so, in
 * the order of leasing.
 *
 *     tail ── leased to sealers ── open ── head ── free ── tail + size
 */
export class ReadRing {
  readonly #at: number;
  readonly #size: number;
  readonly #bytes: Uint8Array;
  readonly #flags: Int32Array;
  readonly #done: Int32Array;
  readonly #leases: Lease[] = [];
  #tail = 0;
  #nextFlag = 0;
  /** The position of the next byte to be read. */
  head = 0;

  constructor(arena: Arena) {
    const { leases, leasesDone } = controlWords(arena);
    this.#at = arena.ring.at;
    this.#size = arena.ring.bytes;
    this.#bytes = new Uint8Array(arena.memory.buffer);
    this.#flags = leases;
    this.#done = leasesDone;
  }

  addressOf(position: number): number {
    return this.#at + (position % this.#size);
  }

  /** How many bytes can still be read behind those from `start` on so that all of them lie in one piece. */
  straightRoom(start: number): number {
    return this.#size - (start % this.#size) - (this.head - start);
  }

  /**
   * Moves what is open from `start` on to the beginning of the ring, so that it can grow in one piece.
   * @returns the new `start`
   */
  wrap(start: number): number {
    const open = this.head - start;
    const moved = Math.ceil(this.head / this.#size) * this.#size;
    this.#leases.push({ flag: -1, end: moved });
    this.waitFor(moved + open);
    const from = this.addressOf(start);
    this.#bytes.copyWithin(this.#at, from, from + open);
    this.head = moved + open;
    return moved;
  }

  /** Whether everything up to the position `end` may be written. */
  isFree(end: number): boolean {
    this.#reclaim();
    return end - this.#tail <= this.#size;
  }

  /** Waits, blocking its thread, until everything up to the position `end` may be written. */
  waitFor(end: number): void {
    for (;;) {
      const seen = Atomics.load(this.#done, 0);
      if (this.isFree(end)) return;
      if (this.#leases.length === 0) throw new TypeError('more than the ring holds is open');
      Atomics.wait(this.#done, 0, seen);
    }
  }

  /** Leases everything up to `end` to a sealer; the number is what it calls {@link endLease} with. */
  lease(end: number): number {
    while (this.#leases.length >= leaseCount - 1) this.#waitForOne();
    const flag = this.#nextFlag;
    this.#nextFlag = (flag + 1) % leaseCount;
    Atomics.store(this.#flags, flag, 0);
    this.#leases.push({ flag, end });
    return flag;
  }

  #waitForOne(): void {
    const seen = Atomics.load(this.#done, 0);
    const before = this.#leases.length;
    this.#reclaim();
    if (this.#leases.length === before) Atomics.wait(this.#done, 0, seen);
  }

  #reclaim(): void {
    for (let lease = this.#leases[0]; lease !== undefined; lease = this.#leases[0]) {
      if (lease.flag >= 0 && Atomics.load(this.#flags, lease.flag) === 0) return;
      this.#tail = lease.end;
      this.#leases.shift();
    }
  }
}

/** A sealer's side: what was leased may be written to again. */
export function endLease(arena: Arena, flag: number): void {
  const { leases, leasesDone } = controlWords(arena);
  Atomics.store(leases, flag, 1);
  Atomics.add(leasesDone, 0, 1);
  Atomics.notify(leasesDone, 0);
}
