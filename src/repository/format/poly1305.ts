import type { Bytes } from '../../base/index.ts';

/**
 * The one-time authenticator Poly1305 (RFC 8439, 2.5): 16 bytes of tag for `message` under the 32 bytes `r ‖ s`.
 * Clamps r itself. There are two of these, the readable one below and the fast one in `../kernel`; whoever opens a
 * repository chooses, and everything else only knows this type.
 */
export type Poly1305 = (key: Bytes, message: Bytes) => Bytes;

const prime = (1n << 130n) - 5n;
const clampMask = 0x0ffffffc0ffffffc0ffffffc0fffffffn;

/** Poly1305 as RFC 8439 writes it down; slow, and what the fast one is tested against. */
export const referencePoly1305: Poly1305 = (key, message) => {
  if (key.length !== 32) throw new TypeError('a Poly1305 key has 32 bytes');
  const r = readLittleEndian(key.subarray(0, 16)) & clampMask;
  const s = readLittleEndian(key.subarray(16, 32));
  let accumulator = 0n;
  for (let at = 0; at < message.length; at += 16) {
    const block = message.subarray(at, at + 16);
    const marker = 1n << BigInt(8 * block.length);
    accumulator = ((accumulator + readLittleEndian(block) + marker) * r) % prime;
  }
  return writeLittleEndian(accumulator + s);
};

function readLittleEndian(bytes: Bytes): bigint {
  let value = 0n;
  for (let at = bytes.length - 1; at >= 0; at--) value = (value << 8n) | BigInt(bytes[at] ?? 0);
  return value;
}

/** The low 16 bytes of `value`. */
function writeLittleEndian(value: bigint): Bytes {
  return Uint8Array.from({ length: 16 }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn));
}
