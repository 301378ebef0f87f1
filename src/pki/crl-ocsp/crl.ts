import type { KeyObject } from 'node:crypto';
import { type Bytes, equalBytes, toHex } from '../../base/index.ts';
import {
  type AuthorityKeyId,
  type Extensions,
  noExtensions,
  readExtensions,
  readSerialNumber,
  type SerialNumber,
} from '../certificate/index.ts';
import {
  contextConstructed,
  type DerReader,
  type ObjectIdentifier,
  readDer,
  reading,
  readTime,
  registerOids,
  tag,
} from '../der/index.ts';
import { readSignatureAlgorithm, type SignatureAlgorithm, verifySignature } from '../key/index.ts';
import { type Name, readName } from '../name/index.ts';
import { type FoundReason, readReason } from './revocation-reason.ts';

/** One line of a CRL as read. */
export interface RevokedCertificate {
  readonly serial: SerialNumber;
  readonly revokedAt: Date;
  /** `unspecified` when the line does not say. */
  readonly reason: FoundReason;
}

/** A certificate revocation list as read (RFC 5280 §5.1). Its byte fields are views of `der`. */
export interface Crl {
  readonly der: Bytes;
  /** The part that is signed. */
  readonly tbs: Bytes;
  readonly issuer: Name;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  readonly number: bigint;
  readonly authorityKeyId?: AuthorityKeyId;
  readonly revoked: ReadonlyMap<SerialNumber, RevokedCertificate>;
  /** Critical and not known here, of the list or of any line: whoever relies on the list must refuse it (§5.2, §5.3). */
  readonly unknownCritical: readonly ObjectIdentifier[];
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signature: Bytes;
}

/** RFC 5280 §5.2.3. */
const maxNumberBytes = 20;

/**
 * Reads a CRL of version 2 with a number and a next update, as the profile of RFC 5280 §5 asks of every issuer. A serial
 * number that is there twice is malformed. Nothing is verified; see `verifyCrlSignature`.
 * @throws HoldfastError `crl_malformed`
 */
export function parseCrl(der: Bytes): Crl {
  return reading('crl_malformed', 'crl', () => readDer(der, (reader) => readCrl(reader, der)));
}

function readCrl(reader: DerReader, der: Bytes): Crl {
  return reader.inside(tag.sequence, () => {
    const start = reader.position;
    const { innerAlgorithm, ...fields } = readTbs(reader);
    const tbs = reader.since(start);
    const algorithmStart = reader.position;
    const signatureAlgorithm = readSignatureAlgorithm(reader);
    // The one that is signed must be the one that is used (RFC 5280 §5.1.1.2).
    if (!equalBytes(reader.since(algorithmStart), innerAlgorithm))
      throw reader.problem('two different signature algorithms');
    return { der, tbs, ...fields, signatureAlgorithm, signature: reader.bitStringBytes() };
  });
}

function readTbs(reader: DerReader) {
  return reader.inside(tag.sequence, () => {
    if (reader.smallInteger() !== 1) throw reader.problem('version is not 2');
    const innerAlgorithm = reader.element();
    const issuer = readName(reader);
    const thisUpdate = readTime(reader);
    const nextUpdate = readTime(reader);
    const unknown = new Set<ObjectIdentifier>();
    const revoked = reader.is(tag.sequence) ? readEntries(reader, unknown) : new Map<never, never>();
    const extensions = reader.inside(contextConstructed(0), () => readExtensions(reader));
    addUnknown(unknown, extensions, crlOids.crlNumber);
    const { authorityKeyId } = extensions;
    return {
      innerAlgorithm,
      issuer,
      thisUpdate,
      nextUpdate,
      number: numberOf(reader, extensions),
      authorityKeyId,
      revoked,
      unknownCritical: [...unknown],
    };
  });
}

function readEntries(
  reader: DerReader,
  unknown: Set<ObjectIdentifier>,
): Map<SerialNumber, RevokedCertificate> {
  const revoked = new Map<SerialNumber, RevokedCertificate>();
  reader.list(tag.sequence, () => {
    const entry = readEntry(reader, unknown);
    if (revoked.has(entry.serial)) throw reader.problem(`serial number ${entry.serial} is there twice`);
    revoked.set(entry.serial, entry);
  });
  return revoked;
}

function readEntry(reader: DerReader, unknown: Set<ObjectIdentifier>): RevokedCertificate {
  return reader.inside(tag.sequence, () => {
    const serial = readSerialNumber(reader);
    const revokedAt = readTime(reader);
    const extensions = reader.done ? noExtensions : readExtensions(reader);
    addUnknown(unknown, extensions, crlOids.reasonCode);
    const reason = extensions.all.get(crlOids.reasonCode);
    return {
      serial,
      revokedAt,
      reason: reason === undefined ? 'unspecified' : readDer(reason.value, readReason),
    };
  });
}

function numberOf(reader: DerReader, { all }: Extensions): bigint {
  const extension = all.get(crlOids.crlNumber);
  if (extension === undefined) throw reader.problem('number is missing');
  const content = readDer(extension.value, (inner) => inner.integer());
  if (content.length > maxNumberBytes || (content[0] as number) >= 0x80)
    throw reader.problem('number is out of range');
  return BigInt(`0x${toHex(content)}`);
}

function addUnknown(
  unknown: Set<ObjectIdentifier>,
  { unknownCritical }: Extensions,
  known: ObjectIdentifier,
): void {
  for (const oid of unknownCritical) if (oid !== known) unknown.add(oid);
}

/** The extensions of a CRL and of its entries that are no certificate's (RFC 5280 §5.2.3, §5.3.1). */
export const crlOids = {
  crlNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
} as const satisfies Record<string, ObjectIdentifier>;

registerOids(Object.values(crlOids));

/**
 * Whether the CRL's signature was made with `issuerKey`; names and dates are not looked at.
 * @throws HoldfastError `signature_unsupported` for SHA-1, MD5 and algorithms that are not known
 */
export function verifyCrlSignature(crl: Crl, issuerKey: KeyObject): boolean {
  return verifySignature(crl.signatureAlgorithm, crl.tbs, crl.signature, issuerKey);
}
