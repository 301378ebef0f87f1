import { hash, randomBytes } from 'node:crypto';
import type { Bytes } from '../../base/index.ts';

const handleBytes = 16;
/** RFC 4648 §6, in lower case. */
const letters = 'abcdefghijklmnopqrstuvwxyz234567';

/** A new handle: 128 random bits in 26 letters. Whoever has it can follow the request; here only its hash is kept. */
export function createHandle(): string {
  const bits = Array.from(randomBytes(handleBytes), (byte) => byte.toString(2).padStart(8, '0')).join('');
  const groups = bits.match(/.{1,5}/g) ?? [];
  return groups.map((group) => letters[Number.parseInt(group.padEnd(5, '0'), 2)]).join('');
}

/** What a handle is known by in the records. */
export function hashHandle(handle: string): Bytes {
  return hash('sha256', handle, 'buffer');
}
