import { hash, pbkdf2 } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { asBuffer, type Bytes, HoldfastError, Secret } from '../../base/index.ts';
import { type DerReader, type DerWriter, type ObjectIdentifier, registerOids, tag } from '../der/index.ts';

/** A password as the derivations of one PKCS#12 file take it. */
export interface Pkcs12Password {
  /** For PBES2. */
  readonly text: Secret<string>;
  /** For PKCS#12's own derivation (RFC 7292 Appendix B.1). */
  readonly bytes: Secret<Bytes>;
  /** The keys that PBKDF2 made of it: what several parts of a file have in common is derived once. */
  readonly derived: Map<string, Secret<Bytes>>;
}

/** A password as it is written: in UTF-16, big endian, ending in a zero. */
export function pkcs12Password(text: Secret<string>): Pkcs12Password {
  return passwordOf(text, utf16(text.reveal()));
}

function passwordOf(text: Secret<string>, bytes: Bytes): Pkcs12Password {
  return { text, bytes: new Secret(bytes), derived: new Map() };
}

/**
 * The password as programs have written it, the right way first. An empty one is no bytes at all in Java and Windows; and
 * OpenSSL before 1.1.0 made a character of each byte of UTF-8.
 */
export function pkcs12Passwords(text: Secret<string>): readonly Pkcs12Password[] {
  const ours = pkcs12Password(text);
  const revealed = text.reveal();
  if (revealed === '') return [ours, passwordOf(text, Buffer.alloc(0))];
  if (/^[\0-\x7f]*$/.test(revealed)) return [ours];
  return [ours, passwordOf(text, utf16(Buffer.from(revealed, 'utf8').toString('latin1')))];
}

function utf16(text: string): Bytes {
  return Buffer.from(`${text}\0`, 'utf16le').swap16();
}

/** The hashes that PKCS#12 files are made with; SHA-1 is what old ones have. */
export type Pkcs12Hash = 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** What derived bytes are for (RFC 7292 Appendix B.3). */
export const keyPurpose = { encryption: 1, iv: 2, mac: 3 } as const;

interface Pkcs12KdfOptions {
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
  let digest: Buffer = hash(hashName, first, 'buffer');
  for (let left = iterations - 1; left > 0; left -= hashesInARow) {
    digest = hashAgain(hashName, digest, Math.min(left, hashesInARow));
    await setImmediate();
  }
  return digest;
}

/** The hash of the hash, and so on, `times` times. */
function hashAgain(hashName: Pkcs12Hash, digest: Buffer, times: number): Buffer {
  if (hashName === 'sha256') return sha256Again(digest, times);
  let last: Buffer = digest;
  for (let done = 0; done < times; done++) last = hash(hashName, last, 'buffer');
  return last;
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

/** The words of SHA-256 (FIPS 180-4 §4.2.2, §5.3.3): parts of the roots of the first primes. */
const firstPrimes = Array.from({ length: 312 }, (_, number) => number).filter(
  (number) =>
    number > 1 && !Array.from({ length: number - 2 }, (_, at) => at + 2).some((by) => number % by === 0),
);
const roundWords = Int32Array.from(firstPrimes, (prime) => fractionOf(Math.cbrt(prime)));
const initialWords = Int32Array.from(firstPrimes.slice(0, 8), (prime) => fractionOf(Math.sqrt(prime)));

function fractionOf(number: number): number {
  return Math.floor((number % 1) * 2 ** 32);
}

/**
 * SHA-256 of a digest, over and over (FIPS 180-4 §6.2). A digest is one block with its padding, so that nothing is copied or made
 * in between; to call the system's for each takes four times as long.
 */
function sha256Again(digest: Buffer, times: number): Buffer {
  const words = new Int32Array(64);
  words[8] = 1 << 31;
  words[15] = 8 * digest.length;
  for (let at = 0; at < 8; at++) words[at] = digest.readInt32BE(4 * at);
  for (let done = 0; done < times; done++) {
    spreadWords(words);
    compressWords(words);
  }
  const last = Buffer.alloc(digest.length);
  for (let at = 0; at < 8; at++) last.writeInt32BE(words[at] as number, 4 * at);
  return last;
}

/** The message schedule: from the 16 words of a block the other 48. */
function spreadWords(words: Int32Array): void {
  for (let at = 16; at < 64; at++) {
    const x = words[at - 15] as number;
    const y = words[at - 2] as number;
    const sigma0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const sigma1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    words[at] = (words[at - 16] as number) + sigma0 + (words[at - 7] as number) + sigma1;
  }
}

/** The compression, from the initial words; the digest is left in the first eight. */
function compressWords(words: Int32Array): void {
  let a = initialWords[0] as number;
  let b = initialWords[1] as number;
  let c = initialWords[2] as number;
  let d = initialWords[3] as number;
  let e = initialWords[4] as number;
  let f = initialWords[5] as number;
  let g = initialWords[6] as number;
  let h = initialWords[7] as number;
  for (let at = 0; at < 64; at++) {
    const sum1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const one = (h + sum1 + ((e & f) ^ (~e & g)) + (roundWords[at] as number) + (words[at] as number)) | 0;
    const sum0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const two = (sum0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + one) | 0;
    d = c;
    c = b;
    b = a;
    a = (one + two) | 0;
  }
  words[0] = a;
  words[1] = b;
  words[2] = c;
  words[3] = d;
  words[4] = e;
  words[5] = f;
  words[6] = g;
  words[7] = h;
  for (let at = 0; at < 8; at++) words[at] = (words[at] as number) + (initialWords[at] as number);
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

/** How a key is derived with PBKDF2 (RFC 8018 Appendix A.2). */
export interface Pbkdf2 {
  readonly salt: Bytes;
  readonly iterations: number;
  readonly hash: Pkcs12Hash;
}

const hmacs = new Map<ObjectIdentifier, Pkcs12Hash>([
  ['1.2.840.113549.2.7', 'sha1'],
  ['1.2.840.113549.2.9', 'sha256'],
  ['1.2.840.113549.2.10', 'sha384'],
  ['1.2.840.113549.2.11', 'sha512'],
]);
const hmacSha256: ObjectIdentifier = '1.2.840.113549.2.9';
const pbkdf2Oid: ObjectIdentifier = '1.2.840.113549.1.5.12';

registerOids([pbkdf2Oid, ...hmacs.keys()]);

const derive = promisify(pbkdf2);

/** Derives `keyBytes` bytes from a password. Does not keep the thread from other work. */
export async function derivePbkdf2(
  { text, derived }: Pick<Pkcs12Password, 'text' | 'derived'>,
  { salt, iterations, hash }: Pbkdf2,
  keyBytes: number,
): Promise<Bytes> {
  const how = [asBuffer(salt).toString('hex'), iterations, hash, keyBytes].join();
  const known = derived.get(how);
  if (known !== undefined) return known.reveal();
  const key = await derive(text.reveal(), salt, iterations, keyBytes, hash);
  derived.set(how, new Secret(key));
  return key;
}

/** How many iterations a derivation takes in all: each block of output has its own (RFC 8018 §5.2). */
export function pbkdf2Cost({ iterations, hash }: Pbkdf2, keyBytes: number): number {
  return iterations * pkcs12KdfBlocks(hash, keyBytes);
}

/**
 * Reads the AlgorithmIdentifier of PBKDF2, with the key length where it says one. `unsupported` makes the error for another
 * derivation and for a pseudorandom function that is not known.
 */
export function readPbkdf2(
  reader: DerReader,
  unsupported: (kind: string, oid: ObjectIdentifier) => Error,
): Pbkdf2 & { readonly keyBytes?: number } {
  return reader.inside(tag.sequence, () => {
    const oid = reader.oid();
    if (oid !== pbkdf2Oid) throw unsupported('key derivation', oid);
    return reader.inside(tag.sequence, () => {
      const salt = reader.content(tag.octetString);
      const iterations = reader.smallInteger();
      const keyBytes = reader.is(tag.integer) ? { keyBytes: reader.smallInteger() } : {};
      const hash = reader.done ? 'sha1' : readHmac(reader, unsupported);
      return { salt, iterations, ...keyBytes, hash };
    });
  });
}

/** Reads the AlgorithmIdentifier of an HMAC, with NULL or without parameters (RFC 8018 Appendix B.1.2). */
export function readHmac(
  reader: DerReader,
  unsupported: (kind: string, oid: ObjectIdentifier) => Error,
): Pkcs12Hash {
  return reader.inside(tag.sequence, () => {
    const oid = reader.oid();
    const hash = hmacs.get(oid);
    if (hash === undefined) throw unsupported('pseudorandom function', oid);
    if (!reader.done) reader.null();
    return hash;
  });
}

/** Writes the AlgorithmIdentifier of PBKDF2 with HMAC-SHA256. */
export function writePbkdf2(
  writer: DerWriter,
  { salt, iterations }: Pick<Pbkdf2, 'salt' | 'iterations'>,
): void {
  writer.inside(tag.sequence, () => {
    writer.oid(pbkdf2Oid);
    writer.inside(tag.sequence, () => {
      writer.content(tag.octetString, salt);
      writer.smallInteger(iterations);
      writer.inside(tag.sequence, () => {
        writer.oid(hmacSha256);
        writer.null();
      });
    });
  });
}
