import type { KeyObject } from 'node:crypto';
import { type Bytes, equalBytes, HoldfastError, toHex } from '../../base/index.ts';
import {
  type AuthorityKeyId,
  type DistributionPoint,
  type DistributionPointName,
  type Extensions,
  extensionOids,
  noExtensions,
  type ReasonFlag,
  readExtensions,
  readPointName,
  readReasonFlags,
  readSerialNumber,
  type SerialNumber,
} from '../certificate/index.ts';
import {
  context,
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
import { type Name, nameKey, readGeneralNames, readName } from '../name/index.ts';
import { type FoundReason, readReason } from './revocation-reason.ts';

/** One line of a CRL as read. */
export interface RevokedCertificate {
  readonly serial: SerialNumber;
  readonly revokedAt: Date;
  /** `unspecified` when the line does not say. */
  readonly reason: FoundReason;
}

/** The lines about the certificates of one issuer. */
export type RevokedCertificates = ReadonlyMap<SerialNumber, RevokedCertificate>;

/** A certificate revocation list of any kind, as read (RFC 5280 §5.1). Its byte fields are views of `der`. */
export interface AnyCrl {
  readonly der: Bytes;
  /** The part that is signed. */
  readonly tbs: Bytes;
  readonly version: 1 | 2;
  readonly issuer: Name;
  readonly thisUpdate: Date;
  /** Undefined: newer information may be there at any time; conforming issuers always say (§5.1.2.5). */
  readonly nextUpdate?: Date;
  /** Conforming issuers always have one (§5.2.3). */
  readonly number?: bigint;
  /** The number of the list that this one only says the changes to (§5.2.4). */
  readonly baseNumber?: bigint;
  /** What the list is about; everything of its issuer when it does not say. */
  readonly distribution?: IssuingDistributionPoint;
  readonly freshestCrlPoints: readonly DistributionPoint[];
  readonly authorityKeyId?: AuthorityKeyId;
  /** Of the list's own issuer. */
  readonly revoked: RevokedCertificates;
  /** Of other issuers, by `nameKey` (§5.3.3). */
  readonly revokedOfOthers: ReadonlyMap<string, RevokedCertificates>;
  /** All extensions of the list. */
  readonly extensions: Extensions['all'];
  /** Critical and not known here, of the list or of any line: whoever relies on the list must refuse it (§5.2, §5.3). */
  readonly unknownCritical: readonly ObjectIdentifier[];
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signature: Bytes;
}

/** A list of all that an issuer has revoked of its own, as the profile asks for it. */
export interface Crl extends AnyCrl {
  readonly nextUpdate: Date;
  readonly number: bigint;
}

/** What a list is about (RFC 5280 §5.2.5). */
export interface IssuingDistributionPoint {
  readonly name?: DistributionPointName;
  readonly only?: 'users' | 'authorities' | 'attributes';
  readonly reasons?: ReadonlySet<ReasonFlag>;
  /** Whether there may be lines about certificates of others. */
  readonly indirect: boolean;
}

/** RFC 5280 §5.2.3. */
const maxNumberBytes = 20;

/**
 * Reads a CRL of version 2 with a number and a next update, as the profile of RFC 5280 §5 asks of every issuer, that is about
 * all of the issuer's own certificates. Nothing is verified; see `verifyCrlSignature`.
 * @throws HoldfastError `crl_malformed`
 */
export function parseCrl(der: Bytes): Crl {
  const crl = parseAnyCrl(der);
  const { number, nextUpdate } = crl;
  const refused = (problem: string) => new HoldfastError('crl_malformed', `crl is malformed: ${problem}`);
  if (crl.version !== 2) throw refused('version is not 2');
  if (number === undefined) throw refused('number is missing');
  if (nextUpdate === undefined) throw refused('next update is missing');
  if (crl.baseNumber !== undefined) throw refused('it only says what has changed');
  if (crl.distribution !== undefined) throw refused('it is not about all certificates of its issuer');
  return { ...crl, number, nextUpdate };
}

/**
 * Reads a CRL of any kind, of version 1 or 2. A serial number that is there twice for one issuer is malformed. Nothing is
 * verified, and what the profile asks of issuers is not asked here.
 * @throws HoldfastError `crl_malformed`
 */
export function parseAnyCrl(der: Bytes): AnyCrl {
  return reading('crl_malformed', 'crl', () => readDer(der, (reader) => readCrl(reader, der)));
}

function readCrl(reader: DerReader, der: Bytes): AnyCrl {
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
    const version = readVersion(reader);
    const innerAlgorithm = reader.element();
    const issuer = readName(reader);
    const thisUpdate = readTime(reader);
    const nextUpdate = isTime(reader) ? { nextUpdate: readTime(reader) } : {};
    const entries = new Entries(issuer, version);
    if (reader.is(tag.sequence)) reader.list(tag.sequence, () => entries.read(reader));
    const extensions =
      version === 1 || reader.done
        ? noExtensions
        : reader.inside(contextConstructed(0), () => readExtensions(reader));
    const { authorityKeyId, freshestCrlPoints, all } = extensions;
    return {
      version,
      innerAlgorithm,
      issuer,
      thisUpdate,
      ...nextUpdate,
      ...numbersOf(reader, all),
      ...distributionOf(all),
      ...(authorityKeyId !== undefined && { authorityKeyId }),
      freshestCrlPoints,
      extensions: all,
      revoked: entries.ofIssuer,
      revokedOfOthers: entries.ofOthers,
      unknownCritical: [...new Set([...unknownIn(all, knownOfList), ...entries.unknownCritical])],
    };
  });
}

function readVersion(reader: DerReader): AnyCrl['version'] {
  if (!reader.is(tag.integer)) return 1;
  // 0, version 1, would be left out.
  if (reader.smallInteger() !== 1) throw reader.problem('version is not 2');
  return 2;
}

function isTime(reader: DerReader): boolean {
  return reader.is(tag.utcTime) || reader.is(tag.generalizedTime);
}

/** The lines of a list while they are read: each is about the issuer that the last one to name one named (§5.3.3). */
class Entries {
  readonly ofIssuer = new Map<SerialNumber, RevokedCertificate>();
  readonly ofOthers = new Map<string, Map<SerialNumber, RevokedCertificate>>();
  readonly unknownCritical = new Set<ObjectIdentifier>();
  readonly #ownKey: string;
  readonly #version: AnyCrl['version'];
  #current = this.ofIssuer;

  constructor(issuer: Name, version: AnyCrl['version']) {
    this.#ownKey = nameKey(issuer);
    this.#version = version;
  }

  read(reader: DerReader): void {
    reader.inside(tag.sequence, () => {
      const serial = readSerialNumber(reader);
      const revokedAt = readTime(reader);
      const all = this.#version === 1 || reader.done ? noExtensions.all : readExtensions(reader).all;
      for (const oid of unknownIn(all, knownOfLine)) this.unknownCritical.add(oid);
      const issuer = all.get(crlOids.certificateIssuer);
      if (issuer !== undefined) this.#current = this.#linesOf(reader, issuer.value);
      if (this.#current.has(serial)) throw reader.problem(`serial number ${serial} is there twice`);
      const reason = all.get(crlOids.reasonCode);
      this.#current.set(serial, {
        serial,
        revokedAt,
        reason: reason === undefined ? 'unspecified' : readDer(reason.value, readReason),
      });
    });
  }

  #linesOf(reader: DerReader, value: Bytes): Map<SerialNumber, RevokedCertificate> {
    const names = readDer(value, (inner) => readGeneralNames(inner));
    const issuer = names.find((name) => name.kind === 'directory');
    if (issuer === undefined) throw reader.problem('certificate issuer is no name');
    const key = nameKey(issuer.value);
    if (key === this.#ownKey) return this.ofIssuer;
    const lines = this.ofOthers.get(key) ?? new Map<SerialNumber, RevokedCertificate>();
    this.ofOthers.set(key, lines);
    return lines;
  }
}

function numbersOf(reader: DerReader, all: Extensions['all']): Pick<AnyCrl, 'number' | 'baseNumber'> {
  const number = all.get(crlOids.crlNumber);
  const base = all.get(crlOids.deltaCrlIndicator);
  return {
    ...(number !== undefined && { number: readNumber(reader, number.value) }),
    ...(base !== undefined && { baseNumber: readNumber(reader, base.value) }),
  };
}

function readNumber(reader: DerReader, value: Bytes): bigint {
  const content = readDer(value, (inner) => inner.integer());
  if (content.length > maxNumberBytes || (content[0] as number) >= 0x80)
    throw reader.problem('number is out of range');
  return BigInt(`0x${toHex(content)}`);
}

function distributionOf(all: Extensions['all']): Pick<AnyCrl, 'distribution'> {
  const extension = all.get(crlOids.issuingDistributionPoint);
  if (extension === undefined) return {};
  return { distribution: readDer(extension.value, readIssuingDistributionPoint) };
}

const onlyTags = [
  [1, 'users'],
  [2, 'authorities'],
  [5, 'attributes'],
] as const;

function readIssuingDistributionPoint(reader: DerReader): IssuingDistributionPoint {
  return reader.inside(tag.sequence, () => {
    if (reader.done) throw reader.problem('issuing distribution point is empty');
    const name = reader.is(contextConstructed(0)) ? { name: readPointName(reader) } : {};
    const flags = new Map<number, boolean>();
    const readFlag = (number: number): void => {
      if (reader.is(context(number))) flags.set(number, reader.boolean(context(number)));
    };
    readFlag(1);
    readFlag(2);
    const reasons = reader.is(context(3)) ? { reasons: readReasonFlags(reader, context(3)) } : {};
    readFlag(4);
    readFlag(5);
    const only = onlyTags.flatMap(([number, kind]) => (flags.get(number) === true ? [kind] : []));
    if (only.length > 1) throw reader.problem(`only of ${only.join(' and ')} is of nothing`);
    return {
      ...name,
      ...reasons,
      ...(only[0] !== undefined && { only: only[0] }),
      indirect: flags.get(4) === true,
    };
  });
}

function unknownIn(all: Extensions['all'], known: readonly ObjectIdentifier[]): ObjectIdentifier[] {
  return [...all.values()]
    .filter(({ oid, critical }) => critical && !known.includes(oid))
    .map(({ oid }) => oid);
}

/** The extensions of a CRL and of its entries that are no certificate's (RFC 5280 §5.2, §5.3). */
export const crlOids = {
  crlNumber: '2.5.29.20',
  reasonCode: '2.5.29.21',
  invalidityDate: '2.5.29.24',
  deltaCrlIndicator: '2.5.29.27',
  issuingDistributionPoint: '2.5.29.28',
  certificateIssuer: '2.5.29.29',
} as const satisfies Record<string, ObjectIdentifier>;

registerOids(Object.values(crlOids));

const knownOfList: readonly ObjectIdentifier[] = [
  extensionOids.authorityKeyId,
  extensionOids.freshestCrl,
  crlOids.crlNumber,
  crlOids.deltaCrlIndicator,
  crlOids.issuingDistributionPoint,
];
const knownOfLine: readonly ObjectIdentifier[] = [
  crlOids.reasonCode,
  crlOids.invalidityDate,
  crlOids.certificateIssuer,
];

/**
 * Whether the CRL's signature was made with `issuerKey`; names and dates are not looked at.
 * @throws HoldfastError `signature_unsupported` for SHA-1, MD5 and algorithms that are not known
 */
export function verifyCrlSignature(crl: AnyCrl, issuerKey: KeyObject): boolean {
  return verifySignature(crl.signatureAlgorithm, crl.tbs, crl.signature, issuerKey);
}
