import type { Bytes } from '../../base/index.ts';
import { parseGoTime } from './go-time.ts';
import { asBase64, asCount, asText, isJsonObject, type JsonObject } from './json-object.ts';
import type { NodeXattr } from './tree-node.ts';

/** The largest numbers of 32 and of 64 bits. */
const most32 = 2 ** 32 - 1;
const most64 = 2n ** 64n - 1n;

/**
 * Reads the members of one node's JSON that have a meaning for what is restored. What is there and is no value of its kind
 * counts as zero and is named in `flaws`; what is not there counts as zero.
 */
export class NodeFields {
  readonly #json: JsonObject;
  readonly #flaws: string[] = [];

  constructor(json: JsonObject) {
    this.#json = json;
  }

  /** What was no value of its kind, one phrase each. */
  get flaws(): readonly string[] {
    return this.#flaws;
  }

  /** A number of 32 bits, as modes and owners are. */
  word(key: string): number {
    const value = this.#json[key];
    const count = asCount(value);
    if (count !== undefined && count <= most32) return count;
    return this.#zero(key, value, `a number from 0 to ${most32}`, 0);
  }

  /** A number of bytes. */
  count(key: string): number {
    const value = this.#json[key];
    return asCount(value) ?? this.#zero(key, value, 'a number of bytes', 0);
  }

  /** A number of 64 bits. */
  long(key: string): bigint {
    const value = this.#json[key];
    const long = asLong(value);
    if (long !== undefined && long <= most64) return long;
    return this.#zero(key, value, `a number from 0 to ${most64}`, 0n);
  }

  /** An instant, by `parse`; nanoseconds since 1970. */
  time(key: string, parse: (text: string) => bigint | undefined = parseGoTime): bigint {
    const value = this.#json[key];
    const time = typeof value === 'string' ? parse(value) : undefined;
    return time ?? this.#zero(key, value, 'a time', 0n);
  }

  /** The extended attributes that can be set. */
  xattrs(key: string): readonly NodeXattr[] {
    const list = this.#json[key];
    if (!Array.isArray(list)) return this.#zero(key, list, 'a list', []);
    return list.flatMap((item: unknown) => {
      const xattr = isJsonObject(item) ? parseXattr(item) : undefined;
      if (xattr) return xattr;
      this.#flaw(key, isJsonObject(item) ? item['name'] : item, 'a name and a value');
      return [];
    });
  }

  #zero<T>(key: string, value: unknown, expected: string, zero: T): T {
    if (value !== undefined && value !== null) this.#flaw(key, value, expected);
    return zero;
  }

  #flaw(key: string, value: unknown, expected: string): void {
    this.#flaws.push(`${key} has ${shown(value)}, not ${expected}`);
  }
}

/** A number of 64 bits that may have come as a bigint, or undefined. */
export function asLong(value: unknown): bigint | undefined {
  if (typeof value === 'bigint') return value;
  const count = asCount(value);
  return count === undefined ? undefined : BigInt(count);
}

/** Any value of a JSON for a message: never long, never nested. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 80));
  return typeof value === 'object' && value !== null ? 'an object or a list' : String(value);
}

/** Go writes an empty value that was never made as null. */
function parseXattr(item: JsonObject): NodeXattr | undefined {
  const name = asText(item['name']);
  const value: Bytes | undefined = item['value'] === null ? new Uint8Array() : asBase64(item['value']);
  const isUsable = name !== undefined && name !== '' && !name.includes('\0');
  return isUsable && value !== undefined ? { name, value } : undefined;
}
