import { hash, pbkdf2 } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { asBuffer, type Bytes, HoldfastError, Secret } from '../../base/index.ts';
import { type DerReader, type DerWriter, type ObjectIdentifier, registerOids, tag } from '../der/index.ts';
import { opensslPkcs12Kdf } from './openssl-kdf.ts';

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
  const quick = options.iterations > hashesInARow ? await opensslPkcs12Kdf(options) : undefined;
  return quick ?? (await derivedByHashes(options));
}

async function derivedByHashes(options: Pkcs12KdfOptions): Promise<Bytes> {
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
