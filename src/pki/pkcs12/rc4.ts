import { asBuffer, type Bytes } from '../../base/index.ts';

/** Decrypts RC4, a stream without padding (as RFC 6229 tests it). Only for reading files of old: RC4 is broken. */
export function decryptRc4(key: Bytes, data: Bytes): Bytes {
  const state = scheduleKey(key);
  const at = (index: number): number => state[index & 0xff] as number;
  let j = 0;
  return asBuffer(data).map((byte, index) => {
    const i = index + 1;
    j += at(i);
    swap(state, i, j);
    return byte ^ at(at(i) + at(j));
  });
}

function scheduleKey(key: Bytes): Uint8Array {
  const state = Uint8Array.from({ length: 256 }, (_, index) => index);
  let j = 0;
  for (let i = 0; i < 256; i++) {
    j += (state[i] as number) + (key[i % key.length] as number);
    swap(state, i, j);
  }
  return state;
}

function swap(state: Uint8Array, i: number, j: number): void {
  const kept = state[i & 0xff] as number;
  state[i & 0xff] = state[j & 0xff] as number;
  state[j & 0xff] = kept;
}
