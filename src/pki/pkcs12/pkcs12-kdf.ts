import { hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { type Bytes, HoldfastError } from '../../base/index.ts';

/** The hashes that PKCS#12 files are made with; SHA-1 is what old ones have. */
export type Pkcs12Hash = 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** What derived bytes are for (RFC 7292 Appendix B.3). */
export const keyPurpose = { encryption: 1, iv: 2, mac: 3 } as const;

export interface Pkcs12KdfOptions {
  readonly hash: Pkcs12Hash;
  /** As `pkcs12Passwords` gives it. */
  readonly password: Bytes;
  readonly salt: Bytes;
  readonly iterations: number;
  readonly purpose: (typeof keyPurpose)[keyof typeof keyPurpose];
  readonly length: number;
}

/** After so many hashes others get their turn: a few milliseconds. */
const hashesInARow = 10_000;

/** How many blocks, each of all the iterations, a derivation takes. */
export function pkcs12KdfBlocks(hashName: Pkcs12Hash, length: number): number {
  return Math.ceil(length / outputBytes[hashName]);
}

/** The key derivation of PKCS#12 (RFC 7292 Appendix B.2). Does not keep the thread from other work. */
export async function pkcs12Kdf(options: Pkcs12KdfOptions): Promise<Bytes> {
  const { hash: hashName, password, salt, purpose, length } = options;
  const block = outputBytes[hashName] > 32 ? 128 : 64;
  const diversifier = Buffer.alloc(block, purpose);
  const input = Buffer.concat([repeated(salt, block), repeated(password, block)]);
  const parts: Buffer[] = [];
  for (let left = pkcs12KdfBlocks(hashName, length); left > 0; left--) {
    const part = await iterate(Buffer.concat([diversifier, input]), options);
    parts.push(part);
    if (left > 1) addToBlocks(input, block, part);
  }
  return Buffer.concat(parts).subarray(0, length);
}

const outputBytes: Readonly<Record<Pkcs12Hash, number>> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 };

async function iterate(
  first: Buffer,
  { hash: hashName, iterations }: Pick<Pkcs12KdfOptions, 'hash' | 'iterations'>,
): Promise<Buffer> {
  let digest = hash(hashName, first, 'buffer');
  for (let done = 1; done < iterations; done++) {
    if (done % hashesInARow === 0) await setImmediate();
    digest = hash(hashName, digest, 'buffer');
  }
  return digest;
}

/** `bytes` over and over until whole blocks are full; nothing when there are none. */
function repeated(bytes: Bytes, block: number): Buffer {
  return bytes.length === 0 ? Buffer.alloc(0) : Buffer.alloc(block * Math.ceil(bytes.length / block), bytes);
}

/** Adds one and the digest, repeated, to each block as a number (step 6.C). */
function addToBlocks(input: Buffer, block: number, digest: Buffer): void {
  const addend = Buffer.alloc(block, digest);
  for (let start = 0; start < input.length; start += block) {
    let carry = 1;
    for (let at = block - 1; at >= 0; at--) {
      carry += (input[start + at] as number) + (addend[at] as number);
      input[start + at] = carry & 0xff;
      carry >>= 8;
    }
  }
}

/** A dozen times what we write ourselves: some seconds of work. */
const maxIterations = 20_000_000;

/** What deriving keys may cost for one file, so that a hostile one cannot keep a processor busy for hours. */
export class IterationBudget {
  #left = maxIterations;

  /** Takes `iterations` off. @throws HoldfastError `pkcs12_malformed` when there are not so many left */
  spend(iterations: number): void {
    this.#left -= iterations;
    if (iterations >= 1 && this.#left >= 0) return;
    throw new HoldfastError(
      'pkcs12_malformed',
      `pkcs#12 file is malformed: it wants more than ${maxIterations} iterations to derive its keys, or none`,
    );
  }
}
