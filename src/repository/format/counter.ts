import { asBuffer, type Bytes } from '../../base/index.ts';

/** Bytes in one AES block, and in the counter that stands for it. */
export const blockSize = 16;

const limb = 2 ** 32;

/** How many AES blocks, the last perhaps partly used, `bytes` bytes of plaintext take. */
export function blockCount(bytes: number): number {
  return Math.ceil(bytes / blockSize);
}

/**
 * The CTR block `blocks` blocks after `counter`, modulo 2^128, in an array of its own.
 *
 * Counter mode encrypts block i of a stream under `start + i` (NIST SP 800-38A, 6.5), so a blob that begins at a
 * block border of a longer stream is, seen alone, a blob whose nonce is this value.
 *
 * @param counter 16 bytes, big-endian
 * @param blocks a whole number, 0 or more, below 2^53
 */
export function addToCounter(counter: Bytes, blocks: number): Bytes {
  if (counter.length !== blockSize) throw new TypeError('a counter has 16 bytes');
  if (!Number.isSafeInteger(blocks) || blocks < 0) throw new TypeError('blocks is a whole number');
  const sum = Uint8Array.from(counter);
  const view = asBuffer(sum);
  let rest = blocks;
  for (let at = blockSize - 4; at >= 0 && rest > 0; at -= 4) {
    const value = view.readUInt32BE(at) + (rest % limb);
    view.writeUInt32BE(value % limb, at);
    rest = Math.floor(rest / limb) + Math.floor(value / limb);
  }
  return sum;
}
