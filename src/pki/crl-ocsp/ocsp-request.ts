import { hash } from 'node:crypto';
import { type Bytes, toHex } from '../../base/index.ts';
import {
  type Certificate,
  type Extensions,
  noExtensions,
  readExtensions,
  readSerialNumber,
  type SerialNumber,
  writeExtension,
  writeSerialNumber,
} from '../certificate/index.ts';
import {
  contextConstructed,
  type DerReader,
  type DerWriter,
  type ObjectIdentifier,
  readDer,
  reading,
  registerOids,
  tag,
  writeDer,
} from '../der/index.ts';
import { publicKeyBits } from '../key/index.ts';
import { readGeneralName, writeName } from '../name/index.ts';

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

/** A question about certificates as read (RFC 6960 §4.1.1). */
export interface OcspRequest {
  /** At least one, at most 128. */
  readonly certIds: readonly OcspCertId[];
  /** 1 to 128 octets that the answer has to repeat (RFC 9654). */
  readonly nonce?: Bytes;
}

const maxCertIds = 128;

/**
 * Reads a request of version 1. Who signed it, if anybody, is passed over: the answer is the same for all. A critical
 * extension that is not known here makes the request one that cannot be answered, and thereby malformed.
 * @throws HoldfastError `ocsp_request_malformed`
 */
export function parseOcspRequest(der: Bytes): OcspRequest {
  return reading('ocsp_request_malformed', 'ocsp request', () =>
    readDer(der, (reader) =>
      reader.inside(tag.sequence, () => {
        const request = reader.inside(tag.sequence, () => readTbs(reader));
        if (reader.is(contextConstructed(0))) reader.element();
        return request;
      }),
    ),
  );
}

function readTbs(reader: DerReader): OcspRequest {
  readVersion(reader);
  if (reader.is(contextConstructed(1))) reader.inside(contextConstructed(1), () => readGeneralName(reader));
  const certIds = reader.list(tag.sequence, () => readSingle(reader));
  if (certIds.length > maxCertIds)
    throw reader.problem(`${certIds.length} certificates, at most ${maxCertIds} are asked for at once`);
  const extensions = readOptionalExtensions(reader, 2);
  return { certIds, ...readNonce(reader, extensions) };
}

/** 0 is the default, which some write all the same. */
function readVersion(reader: DerReader): void {
  if (!reader.is(contextConstructed(0))) return;
  const number = reader.inside(contextConstructed(0), () => reader.smallInteger());
  if (number !== 0) throw reader.problem(`version ${number} is not known`);
}

function readSingle(reader: DerReader): OcspCertId {
  return reader.inside(tag.sequence, () => {
    const certId = readCertId(reader);
    readOptionalExtensions(reader, 0);
    return certId;
  });
}

function readOptionalExtensions(reader: DerReader, number: number): Extensions {
  if (!reader.is(contextConstructed(number))) return noExtensions;
  const extensions = reader.inside(contextConstructed(number), () => readExtensions(reader));
  const unknown = extensions.unknownCritical.find((oid) => oid !== ocspOids.nonce);
  if (unknown !== undefined) throw reader.problem(`critical extension ${unknown} is not known`);
  return extensions;
}

/** What is to be asked. */
interface OcspRequestTemplate {
  readonly issuer: Certificate;
  /** Of certificates that the issuer issued; at least one. */
  readonly serials: readonly SerialNumber[];
  /** SHA-1 unless said: the one that every responder knows. */
  readonly hash?: OcspHash;
  /** 1 to 128 octets; 32 are usual (RFC 9654). */
  readonly nonce?: Bytes;
}

/** The DER of a request, not signed (RFC 6960 §4.1.1). A `TypeError` for a template that cannot be written. */
export function createOcspRequest({ issuer, serials, hash = 'sha1', nonce }: OcspRequestTemplate): Bytes {
  if (serials.length === 0) throw new TypeError('an ocsp request that asks for nothing');
  return writeDer((writer) =>
    writer.inside(tag.sequence, () =>
      writer.inside(tag.sequence, () => {
        writer.inside(tag.sequence, () => {
          for (const serial of serials) writeSingle(writer, encodeCertId(issuer, serial, hash));
        });
        if (nonce !== undefined) writer.inside(contextConstructed(2), () => writeNonce(writer, nonce));
      }),
    ),
  );
}

function writeSingle(writer: DerWriter, certId: Bytes): void {
  writer.inside(tag.sequence, () => writer.element(certId));
}
