import type { Bytes } from '../../base/index.ts';
import { malformed } from './malformed.ts';

/** An object identifier in dotted form, e.g. `2.5.29.17`. */
export type ObjectIdentifier = `${number}.${string}`;

/** UUID-based identifiers (2.25.x) need 20 bytes; anything far beyond exists only to waste time. */
const maxContentBytes = 128;

const knownByContent = new Map<string, ObjectIdentifier>();
const contentByOid = new Map<ObjectIdentifier, Bytes>();

/** Makes reading and writing of `oids` a table look-up; for the fixed tables of this folder, never for input. */
export function registerOids(oids: Iterable<ObjectIdentifier>): void {
  for (const oid of oids) {
    const content = encodeArcs(oid);
    contentByOid.set(oid, content);
    knownByContent.set(Buffer.from(content).toString('latin1'), oid);
  }
}

/** The content octets of an OBJECT IDENTIFIER (X.690 §8.19); a `TypeError` for text that is no identifier. */
export function encodeOid(oid: ObjectIdentifier): Bytes {
  return contentByOid.get(oid) ?? encodeArcs(oid);
}

/** The identifier whose content octets are `content[start..end)`. @throws HoldfastError `der_malformed` */
export function parseOid(content: Buffer, start: number, end: number): ObjectIdentifier {
  return (
    knownByContent.get(content.toString('latin1', start, end)) ??
    decodeArcs(content.subarray(start, end), start)
  );
}

function decodeArcs(content: Bytes, at: number): ObjectIdentifier {
  if (content.length === 0) throw malformed('object identifier is empty', at);
  if (content.length > maxContentBytes) throw malformed('object identifier is too long', at);
  const arcs: string[] = [];
  let arc = 0n;
  let fresh = true;
  for (const byte of content) {
    if (fresh && byte === 0x80) throw malformed('object identifier arc is not minimal', at);
    arc = (arc << 7n) | BigInt(byte & 0x7f);
    fresh = byte < 0x80;
    if (!fresh) continue;
    arcs.push(arcs.length === 0 ? firstArcs(arc) : arc.toString());
    arc = 0n;
  }
  if (!fresh) throw malformed('object identifier ends inside an arc', at);
  return arcs.join('.') as ObjectIdentifier;
}

/** The first octets hold two arcs, 40·a + b, where a is at most 2 (X.690 §8.19.4). */
function firstArcs(arc: bigint): string {
  if (arc < 80n) return `${arc / 40n}.${arc % 40n}`;
  return `2.${arc - 80n}`;
}

function encodeArcs(oid: ObjectIdentifier): Bytes {
  if (!/^(?:[01]\.[1-3]?\d|2\.(?:0|[1-9]\d*))(?:\.(?:0|[1-9]\d*))*$/.test(oid)) {
    throw new TypeError(`not an object identifier: ${oid}`);
  }
  const [first = 0n, second = 0n, ...rest] = oid.split('.').map(BigInt);
  return Uint8Array.from([first * 40n + second, ...rest].flatMap(base128));
}

function base128(arc: bigint): number[] {
  const octets = [Number(arc & 0x7fn)];
  for (let left = arc >> 7n; left > 0n; left >>= 7n) octets.unshift(Number(left & 0x7fn) | 0x80);
  return octets;
}
