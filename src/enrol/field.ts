import { type Bytes, concatBytes } from '../base/index.ts';

const maxTextBytes = 255;

/** Puts fields one behind the other: bytes of a known length, or text of up to 255 bytes behind its length. */
export class FieldWriter {
  readonly #parts: Bytes[] = [];

  byte(value: number): void {
    if (!Number.isInteger(value) || value < 0 || value > 255) throw new TypeError(`not a byte: ${value}`);
    this.#parts.push(Uint8Array.of(value));
  }

  bytes(value: Bytes): void {
    this.#parts.push(value);
  }

  text(value: string): void {
    const bytes = Buffer.from(value, 'utf8');
    if (bytes.length > maxTextBytes) throw new TypeError(`too long: ${value}`);
    this.byte(bytes.length);
    this.bytes(bytes);
  }

  finish(): Bytes {
    return concatBytes(...this.#parts);
  }
}

/** Reads what {@link FieldWriter} wrote. Past the end it gives zeros and has `failed`, to be looked at once at the end. */
export class FieldReader {
  readonly #bytes: Bytes;
  #position = 0;

  constructor(bytes: Bytes) {
    this.#bytes = bytes;
  }

  get failed(): boolean {
    return this.#position > this.#bytes.length;
  }

  get done(): boolean {
    return this.#position === this.#bytes.length;
  }

  byte(): number {
    return this.bytes(1)[0] ?? 0;
  }

  bytes(length: number): Bytes {
    const start = this.#position;
    this.#position += length;
    return this.#bytes.slice(start, this.#position);
  }

  text(): string {
    return Buffer.from(this.bytes(this.byte())).toString('utf8');
  }
}
