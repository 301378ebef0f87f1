import { pbkdf2 } from 'node:crypto';
import { promisify } from 'node:util';
import type { Bytes } from '../../base/index.ts';
import { type DerReader, type DerWriter, type ObjectIdentifier, registerOids, tag } from '../der/index.ts';
import { type Pkcs12Hash, pkcs12KdfBlocks } from './pkcs12-kdf.ts';

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
export const pbkdf2Oid: ObjectIdentifier = '1.2.840.113549.1.5.12';

registerOids([pbkdf2Oid, ...hmacs.keys()]);

const derive = promisify(pbkdf2);

/** Derives `keyBytes` bytes from a password. Does not keep the thread from other work. */
export async function derivePbkdf2(
  password: string,
  { salt, iterations, hash }: Pbkdf2,
  keyBytes: number,
): Promise<Bytes> {
  return await derive(password, salt, iterations, keyBytes, hash);
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
