import { createHmac } from 'node:crypto';
import { type Bytes, HoldfastError } from '../../base/index.ts';
import { type DerReader, type DerWriter, type ObjectIdentifier, tag } from '../der/index.ts';
import { readHash } from '../key/index.ts';
import { keyPurpose, type Pkcs12Hash, pkcs12Kdf } from './pkcs12-kdf.ts';
import type { Pkcs12Password } from './pkcs12-password.ts';

/** How a file says that nobody changed it who does not know the password (RFC 7292 §4, MacData). */
export interface Pkcs12Mac {
  readonly hash: Pkcs12Hash;
  readonly salt: Bytes;
  readonly iterations: number;
}

const hashes: readonly (readonly [Pkcs12Hash, ObjectIdentifier])[] = [
  ['sha1', '1.3.14.3.2.26'],
  ['sha256', '2.16.840.1.101.3.4.2.1'],
  ['sha384', '2.16.840.1.101.3.4.2.2'],
  ['sha512', '2.16.840.1.101.3.4.2.3'],
];

/** The MAC over `content` (RFC 7292 Appendix B, ID 3). */
export async function pkcs12MacOf(
  { hash, salt, iterations }: Pkcs12Mac,
  password: Pkcs12Password,
  content: Bytes,
): Promise<Bytes> {
  const length = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 }[hash];
  const derivation = { hash, password: password.bytes.reveal(), salt, iterations };
  const key = await pkcs12Kdf({ ...derivation, purpose: keyPurpose.mac, length });
  return createHmac(hash, key).update(content).digest();
}

/** Reads MacData. @throws HoldfastError `pkcs12_malformed` for one of another kind */
export function readMac(reader: DerReader): Pkcs12Mac & { readonly digest: Bytes } {
  return reader.inside(tag.sequence, () => {
    const { hash, digest } = reader.inside(tag.sequence, () => ({
      hash: nameOf(readHash(reader)),
      digest: reader.content(tag.octetString),
    }));
    const salt = reader.content(tag.octetString);
    const iterations = reader.done ? 1 : reader.smallInteger();
    return { hash, salt, iterations, digest };
  });
}

export function writeMac(writer: DerWriter, { hash, salt, iterations }: Pkcs12Mac, digest: Bytes): void {
  const [, oid] = hashes.find(([name]) => name === hash) as (typeof hashes)[number];
  writer.inside(tag.sequence, () => {
    writer.inside(tag.sequence, () => {
      writer.inside(tag.sequence, () => {
        writer.oid(oid);
        writer.null();
      });
      writer.content(tag.octetString, digest);
    });
    writer.content(tag.octetString, salt);
    writer.smallInteger(iterations);
  });
}

function nameOf(oid: ObjectIdentifier): Pkcs12Hash {
  const known = hashes.find(([, its]) => its === oid);
  if (known !== undefined) return known[0];
  throw new HoldfastError(
    'pkcs12_malformed',
    `pkcs#12 file has a MAC of kind ${oid}; expected SHA-1 or SHA-2`,
    {
      hint: 'write it again: openssl pkcs12 -export -macalg sha256',
    },
  );
}
