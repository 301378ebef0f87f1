import type { Bytes } from '../base/index.ts';

/** Crockford's base 32: no letter that looks like a digit, no case to get wrong (crockford.com/base32.html). */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const lookalikes: Readonly<Record<string, string>> = { o: '0', i: '1', l: '1' };

/** Base 32 in lower case, without a check digit; the last character is filled up with zero bits. */
export function encodeCrockford(bytes: Bytes): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = (value << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += alphabet[(value >> bits) & 31];
    }
    value &= (1 << bits) - 1;
  }
  return bits === 0 ? text : text + alphabet[(value << (5 - bits)) & 31];
}

/** The bytes that {@link encodeCrockford} wrote, in any case and with `o` for 0 and `i` or `l` for 1; else undefined. */
export function decodeCrockford(text: string): Bytes | undefined {
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const character of text.toLowerCase()) {
    const digit = alphabet.indexOf(lookalikes[character] ?? character);
    if (digit < 0) return undefined;
    value = (value << 5) | digit;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes.push(value >> bits);
    value &= (1 << bits) - 1;
  }
  return bits >= 5 || value !== 0 ? undefined : Uint8Array.from(bytes);
}
