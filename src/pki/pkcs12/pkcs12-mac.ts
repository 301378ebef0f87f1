import { createHmac } from 'node:crypto';
import { type Bytes, HoldfastError } from '../../base/index.ts';
import { type DerReader, type DerWriter, describeOid, type ObjectIdentifier, tag } from '../der/index.ts';
import {
  derivePbkdf2,
  keyPurpose,
  type Pbkdf2,
  type Pkcs12Hash,
  type Pkcs12Password,
  pbkdf2Cost,
  pkcs12Kdf,
  readHmac,
  readPbkdf2,
} from './key-derivation.ts';

/** How a file says that nobody changed it who does not know the password (RFC 7292 §4, MacData). */
export interface Pkcs12Mac {
  readonly kind: 'pkcs12';
  readonly hash: Pkcs12Hash;
  readonly salt: Bytes;
  readonly iterations: number;
}

/** The same with PBMAC1 (RFC 8018 §7.1, RFC 9579), which programs write that may use no other derivation than PBKDF2. */
export interface Pbmac1 {
  readonly kind: 'pbmac1';
  readonly hash: Pkcs12Hash;
  readonly derivation: Pbkdf2;
  readonly keyBytes: number;
}

/** A MAC as it was read. */
export type FoundMac = (Pkcs12Mac | Pbmac1) & { readonly digest: Bytes };

const pbmac1Oid: ObjectIdentifier = '1.2.840.113549.1.5.14';

const hashes: readonly (readonly [Pkcs12Hash, ObjectIdentifier])[] = [
  ['sha1', '1.3.14.3.2.26'],
  ['sha256', '2.16.840.1.101.3.4.2.1'],
  ['sha384', '2.16.840.1.101.3.4.2.2'],
  ['sha512', '2.16.840.1.101.3.4.2.3'],
];

/** The MAC over `content` (RFC 7292 Appendix B, ID 3; RFC 9579 §5). */
export async function pkcs12MacOf(
  mac: Pkcs12Mac | Pbmac1,
  password: Pkcs12Password,
  content: Bytes,
): Promise<Bytes> {
  return createHmac(mac.hash, await keyOf(mac, password))
    .update(content)
    .digest();
}

async function keyOf(mac: Pkcs12Mac | Pbmac1, password: Pkcs12Password): Promise<Bytes> {
  if (mac.kind === 'pbmac1') return await derivePbkdf2(password, mac.derivation, mac.keyBytes);
  const { hash, salt, iterations } = mac;
  const length = digestBytes[hash];
  const derivation = { hash, password: password.bytes.reveal(), salt, iterations };
  return await pkcs12Kdf({ ...derivation, purpose: keyPurpose.mac, length });
}

const digestBytes: Readonly<Record<Pkcs12Hash, number>> = { sha1: 20, sha256: 32, sha384: 48, sha512: 64 };

/** How many iterations it takes to make the MAC. */
export function macCost(mac: Pkcs12Mac | Pbmac1): number {
  return mac.kind === 'pbmac1' ? pbkdf2Cost(mac.derivation, mac.keyBytes) : mac.iterations;
}

/**
 * Reads MacData. With PBMAC1 its own salt and iterations mean nothing (RFC 9579 §4).
 * @throws HoldfastError `pkcs12_malformed` for one of another kind
 */
export function readMac(reader: DerReader): FoundMac {
  return reader.inside(tag.sequence, () => {
    const { algorithm, digest } = reader.inside(tag.sequence, () => ({
      algorithm: reader.inside(tag.sequence, () => readAlgorithm(reader)),
      digest: reader.content(tag.octetString),
    }));
    const salt = reader.content(tag.octetString);
    const iterations = reader.done ? 1 : reader.smallInteger();
    if (typeof algorithm === 'string') return { kind: 'pkcs12', hash: algorithm, salt, iterations, digest };
    return { ...algorithm, digest };
  });
}

/** The hash of PKCS#12's own way, or PBMAC1 with its parameters. */
function readAlgorithm(reader: DerReader): Pkcs12Hash | Pbmac1 {
  const oid = reader.oid();
  if (oid === pbmac1Oid) return reader.inside(tag.sequence, () => readPbmac1(reader));
  if (!reader.done) reader.element();
  const known = hashes.find(([, its]) => its === oid);
  if (known !== undefined) return known[0];
  throw unsupported('algorithm', oid);
}

/** No shorter key is taken (RFC 9579 §5), and no longer one than a hash has anything of. */
const keyBounds = { least: 20, most: 64 } as const;

/** PBMAC1-params (RFC 8018 Appendix A.5), whose key length has to be said (RFC 9579 §5). */
function readPbmac1(reader: DerReader): Pbmac1 {
  const { keyBytes, ...derivation } = readPbkdf2(reader, unsupported);
  const hash = readHmac(reader, unsupported);
  if (keyBytes === undefined || keyBytes < keyBounds.least || keyBytes > keyBounds.most) {
    const found = keyBytes === undefined ? 'no length' : `${keyBytes} bytes`;
    throw reader.problem(
      `the key of its PBMAC1 has ${found}, expected ${keyBounds.least} to ${keyBounds.most}`,
    );
  }
  return { kind: 'pbmac1', hash, derivation, keyBytes };
}

/** Writes MacData in PKCS#12's own way, which every program reads. */
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

function unsupported(kind: string, oid: ObjectIdentifier): HoldfastError {
  return new HoldfastError(
    'pkcs12_malformed',
    `pkcs#12 file has a MAC with ${kind} ${describeOid(oid)}; expected SHA-1 or SHA-2, by HMAC or PBMAC1`,
    {
      hint: 'write it again: openssl pkcs12 -export -macalg sha256',
    },
  );
}
