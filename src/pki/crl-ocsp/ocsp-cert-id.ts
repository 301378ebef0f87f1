import { hash } from 'node:crypto';
import { type Bytes, toHex } from '../../base/index.ts';
import {
  type Certificate,
  type Extensions,
  readSerialNumber,
  type SerialNumber,
  writeExtension,
  writeSerialNumber,
} from '../certificate/index.ts';
import {
  type DerReader,
  type DerWriter,
  type ObjectIdentifier,
  readDer,
  registerOids,
  tag,
  writeDer,
} from '../der/index.ts';
import { publicKeyBits } from '../key/index.ts';
import { writeName } from '../name/index.ts';

/** The hashes by which an issuer is named: a name for a look-up, so that SHA-1 does no harm (RFC 9654 §2.1, RFC 5019). */
export type OcspHash = 'sha1' | 'sha256';

/** Which certificate is asked for (RFC 6960 §4.1.1). */
export interface OcspCertId {
  /** As it came; an answer repeats it. */
  readonly der: Bytes;
  /** The same for all certificates of one issuer, see {@link ocspIssuerKey}; undefined when the hash is not known here. */
  readonly issuerKey?: string;
  readonly serial: SerialNumber;
}

const hashOids: Readonly<Record<OcspHash, ObjectIdentifier>> = {
  sha1: '1.3.14.3.2.26',
  sha256: '2.16.840.1.101.3.4.2.1',
};

const hashNames = new Map(Object.entries(hashOids).map(([name, oid]) => [oid, name]));

registerOids(hashNames.keys());

/** A text for an issuer as a {@link OcspCertId} names it with this hash; for maps, not for people. */
export function ocspIssuerKey(issuer: Certificate, hashName: OcspHash): string {
  const { name, key } = issuerHashes(issuer, hashName);
  return joinKey(hashName, name, key);
}

export function readCertId(reader: DerReader): OcspCertId {
  const start = reader.position;
  const fields = reader.inside(tag.sequence, () => {
    const hashName = hashNames.get(readHash(reader));
    const name = reader.content(tag.octetString);
    const key = reader.content(tag.octetString);
    const serial = readSerialNumber(reader);
    return { serial, ...(hashName !== undefined && { issuerKey: joinKey(hashName, name, key) }) };
  });
  return { der: reader.since(start), ...fields };
}

/** The DER of the CertID of a certificate. */
export function encodeCertId(issuer: Certificate, serial: SerialNumber, hashName: OcspHash): Bytes {
  const { name, key } = issuerHashes(issuer, hashName);
  return writeDer((writer) =>
    writer.inside(tag.sequence, () => {
      writer.inside(tag.sequence, () => writeHash(writer, hashName));
      writer.content(tag.octetString, name);
      writer.content(tag.octetString, key);
      writeSerialNumber(writer, serial);
    }),
  );
}

/** The AlgorithmIdentifier of a hash, with NULL or without parameters. */
function readHash(reader: DerReader): ObjectIdentifier {
  return reader.inside(tag.sequence, () => {
    const oid = reader.oid();
    if (!reader.done) reader.null();
    return oid;
  });
}

function writeHash(writer: DerWriter, hashName: OcspHash): void {
  writer.oid(hashOids[hashName]);
  writer.null();
}

function issuerHashes({ subject, spki }: Certificate, hashName: OcspHash): { name: Bytes; key: Bytes } {
  const name = writeDer((writer) => writeName(writer, subject));
  return { name: hash(hashName, name, 'buffer'), key: hash(hashName, publicKeyBits(spki), 'buffer') };
}

function joinKey(hashName: string, name: Bytes, key: Bytes): string {
  return `${hashName} ${toHex(name)} ${toHex(key)}`;
}

/** RFC 9654 §2.1. */
const maxNonceBytes = 128;

/** The nonce among the extensions of a request or an answer, of 1 to 128 octets, when there is one. */
export function readNonce(reader: DerReader, { all }: Extensions): { nonce?: Bytes } {
  const extension = all.get(ocspOids.nonce);
  if (extension === undefined) return {};
  const nonce = readDer(extension.value, (inner) => inner.content(tag.octetString));
  if (nonce.length === 0 || nonce.length > maxNonceBytes)
    throw reader.problem(`nonce has ${nonce.length} octets instead of 1 to ${maxNonceBytes}`);
  return { nonce };
}

/** Writes Extensions with a nonce alone. A `TypeError` for one of a length that no reader would take. */
export function writeNonce(writer: DerWriter, nonce: Bytes): void {
  if (nonce.length === 0 || nonce.length > maxNonceBytes)
    throw new TypeError(`a nonce of ${nonce.length} octets`);
  writer.inside(tag.sequence, () =>
    writeExtension(writer, ocspOids.nonce, false, () => writer.content(tag.octetString, nonce)),
  );
}

/** The identifiers of OCSP that are no extension of a certificate (RFC 6960 §4.2.1, RFC 9654 §2.1). */
export const ocspOids = {
  basicResponse: '1.3.6.1.5.5.7.48.1.1',
  nonce: '1.3.6.1.5.5.7.48.1.2',
} as const satisfies Record<string, ObjectIdentifier>;

registerOids(Object.values(ocspOids));
