import { closeSync, openSync, readSync } from 'node:fs';
import { Prng } from '../test/rig/prng.ts';

/** What files are made of; see `docs/benchmark.md` for why these. */
export type ContentKind = 'text' | 'records' | 'program' | 'random';

/** Makes pieces of realistic file content, the same for the same seed (and, for `program`, the same Node binary). */
export class ContentSource {
  readonly #prng: Prng;
  readonly #words: readonly string[];

  constructor(seed: number) {
    this.#prng = new Prng(seed);
    this.#words = Array.from({ length: 20_000 }, () => this.#word());
  }

  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number {
    return this.#prng.below(limit);
  }

  /** Exactly `length` bytes of the kind. */
  bytes(kind: ContentKind, length: number): Buffer {
    switch (kind) {
      case 'random':
        return this.#prng.bytes(length);
      case 'program':
        return this.#program(length);
      case 'text':
        return this.#lines(length, () => this.#sentence());
      case 'records':
        return this.#lines(length, () => this.#record());
    }
  }

  /** Machine code and tables as they are: a stretch of the Node binary from a random place on. */
  #program(length: number): Buffer {
    const file = openSync(process.execPath, 'r');
    const content = Buffer.alloc(length);
    for (let filled = 0; filled < length; ) {
      const part = content.subarray(filled, Math.min(length, filled + 2 ** 20));
      filled += readSync(file, part, 0, part.length, this.below(100 * 2 ** 20));
    }
    closeSync(file);
    return content;
  }

  #lines(length: number, line: () => string): Buffer {
    const content = Buffer.alloc(length, '\n');
    for (let filled = 0; filled < length; ) filled += content.write(line(), filled, 'latin1');
    return content;
  }

  #sentence(): string {
    const words = Array.from({ length: 6 + this.below(12) }, () => this.#commonWord());
    return `${words.join(' ')}.\n`;
  }

  #record(): string {
    const id = this.#prng.bytes(8).toString('hex');
    const user = this.#commonWord();
    const value = this.below(1_000_000) / 100;
    return `{"id":"${id}","time":${1_700_000_000_000 + this.below(1e9)},"user":"${user}","action":"${
      this.below(3) === 0 ? 'update' : 'view'
    }","value":${value},"tags":["${this.#commonWord()}","${this.#commonWord()}"]}\n`;
  }

  /** Words as people use them: the n-th most frequent about 1/n as often as the first. */
  #commonWord(): string {
    const rank = Math.floor(this.#words.length ** (this.below(2 ** 20) / 2 ** 20)) - 1;
    return this.#words[rank] ?? '';
  }

  #word(): string {
    const letters = 'etaoinshrdlucmfwypvbgkjqxz';
    const letter = () => letters[Math.floor(letters.length * (this.below(1000) / 1000) ** 2)] ?? 'e';
    return Array.from({ length: 2 + this.below(9) }, letter).join('');
  }
}
