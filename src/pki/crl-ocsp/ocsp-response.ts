import { hash, type KeyObject } from 'node:crypto';
import { type Bytes, dayMs, equalBytes } from '../../base/index.ts';
import {
  type Certificate,
  type Extensions,
  noExtensions,
  publicKeyOf,
  readCertificateDer,
  readExtensions,
  type SerialNumber,
  verifyCertificateSignature,
} from '../certificate/index.ts';
import {
  context,
  contextConstructed,
  type DerReader,
  type ObjectIdentifier,
  readDer,
  readGeneralizedTime,
  reading,
  tag,
} from '../der/index.ts';
import {
  publicKeyBits,
  readSignatureAlgorithm,
  type SignatureAlgorithm,
  verifySignature,
} from '../key/index.ts';
import { equalNames, type Name, readName } from '../name/index.ts';
import {
  type OcspCertId,
  type OcspHash,
  ocspIssuerKey,
  ocspOids,
  readCertId,
  readNonce,
} from './ocsp-request.ts';
import { type FoundReason, type RevocationReason, readReason } from './revocation-reason.ts';

/** What is said of one certificate (RFC 6960 §4.2.1); `unknown` means that the issuer has no such certificate on record. */
export type OcspStatus<Reason = RevocationReason> =
  | { readonly kind: 'good' | 'unknown' }
  | { readonly kind: 'revoked'; readonly revokedAt: Date; readonly reason: Reason };

/** A status as it was read. */
type FoundOcspStatus = OcspStatus<FoundReason>;

/** Why there is no answer, in the words of RFC 6960 §4.2.1, by their numbers. */
export const ocspErrorCodes = {
  malformedRequest: 1,
  internalError: 2,
  tryLater: 3,
  sigRequired: 5,
  unauthorized: 6,
} as const;

export type OcspErrorStatus = keyof typeof ocspErrorCodes;

/** What is said of one certificate. */
export interface OcspSingleResponse {
  readonly certId: OcspCertId;
  readonly status: FoundOcspStatus;
  readonly thisUpdate: Date;
  /** Undefined: newer information may be there at any time. */
  readonly nextUpdate?: Date;
}

/** A signed answer as read. Its byte fields are views of what it was read from. */
export interface OcspResponse {
  readonly kind: 'response';
  /** The part that is signed. */
  readonly tbs: Bytes;
  /** Who says to have signed: by name, or by the SHA-1 of the key. */
  readonly responder: { readonly name: Name } | { readonly keyHash: Bytes };
  readonly producedAt: Date;
  readonly responses: readonly OcspSingleResponse[];
  readonly nonce?: Bytes;
  /** Critical extensions that are not known here: whoever relies on the answer must refuse it. */
  readonly unknownCritical: readonly ObjectIdentifier[];
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signature: Bytes;
  /** What came along, at most 8. */
  readonly certificates: readonly Certificate[];
}

/** That there is no answer, and why; anybody on the way can say so. */
interface OcspFailure {
  readonly kind: 'error';
  readonly status: OcspErrorStatus;
}

const maxCertificates = 8;

const errorStatuses = new Map(
  Object.entries(ocspErrorCodes).map(([status, code]) => [code as number, status as OcspErrorStatus]),
);

/**
 * Reads an OCSP response (RFC 6960 §4.2.1). Nothing is verified, neither signature nor dates nor that it is about what
 * was asked; see `verifyOcspResponse`.
 * @throws HoldfastError `ocsp_response_malformed`
 */
export function parseOcspResponse(der: Bytes): OcspResponse | OcspFailure {
  return reading('ocsp_response_malformed', 'ocsp response', () =>
    readDer(der, (reader) => reader.inside(tag.sequence, () => readStatus(reader))),
  );
}

function readStatus(reader: DerReader): OcspResponse | OcspFailure {
  const code = reader.smallInteger(tag.enumerated);
  const status = errorStatuses.get(code);
  if (status !== undefined) return { kind: 'error', status };
  if (code !== 0) throw reader.problem(`status ${code} is not known`);
  const basic = reader.inside(contextConstructed(0), () =>
    reader.inside(tag.sequence, () => {
      const type = reader.oid();
      if (type !== ocspOids.basicResponse) throw reader.problem(`type ${type} is not known`);
      return reader.content(tag.octetString);
    }),
  );
  return readDer(basic, (inner) => inner.inside(tag.sequence, () => readBasic(inner)));
}

function readBasic(reader: DerReader): OcspResponse {
  const start = reader.position;
  const fields = reader.inside(tag.sequence, () => readData(reader));
  const tbs = reader.since(start);
  const signatureAlgorithm = readSignatureAlgorithm(reader);
  const signature = reader.bitStringBytes();
  return {
    kind: 'response',
    tbs,
    ...fields,
    signatureAlgorithm,
    signature,
    certificates: readCertificates(reader),
  };
}

function readData(reader: DerReader) {
  if (reader.is(contextConstructed(0))) throw reader.problem('version is not 1');
  const responder = readResponder(reader);
  const producedAt = readGeneralizedTime(reader);
  const unknownCritical: ObjectIdentifier[] = [];
  const responses = reader.list(tag.sequence, () => readSingle(reader, unknownCritical));
  const extensions = readOptionalExtensions(reader);
  unknownCritical.push(...extensions.unknownCritical.filter((oid) => oid !== ocspOids.nonce));
  return { responder, producedAt, responses, unknownCritical, ...readNonce(reader, extensions) };
}

function readResponder(reader: DerReader): OcspResponse['responder'] {
  if (reader.is(contextConstructed(1)))
    return { name: reader.inside(contextConstructed(1), () => readName(reader)) };
  return { keyHash: reader.inside(contextConstructed(2), () => reader.content(tag.octetString)) };
}

function readSingle(reader: DerReader, unknownCritical: ObjectIdentifier[]): OcspSingleResponse {
  return reader.inside(tag.sequence, () => {
    const certId = readCertId(reader);
    const status = readCertStatus(reader);
    const thisUpdate = readGeneralizedTime(reader);
    const nextUpdate = reader.is(contextConstructed(0))
      ? { nextUpdate: reader.inside(contextConstructed(0), () => readGeneralizedTime(reader)) }
      : {};
    unknownCritical.push(...readOptionalExtensions(reader).unknownCritical);
    return { certId, status, thisUpdate, ...nextUpdate };
  });
}

function readCertStatus(reader: DerReader): FoundOcspStatus {
  for (const [number, kind] of plainStatuses) {
    if (!reader.is(context(number))) continue;
    if (reader.content(context(number)).length > 0) throw reader.problem('null is not empty');
    return { kind };
  }
  return reader.inside(contextConstructed(1), () => {
    const revokedAt = readGeneralizedTime(reader);
    const reason = reader.done
      ? 'unspecified'
      : reader.inside(contextConstructed(0), () => readReason(reader));
    return { kind: 'revoked', revokedAt, reason };
  });
}

const plainStatuses = [
  [0, 'good'],
  [2, 'unknown'],
] as const;

function readOptionalExtensions(reader: DerReader): Extensions {
  if (!reader.is(contextConstructed(1))) return noExtensions;
  return reader.inside(contextConstructed(1), () => readExtensions(reader));
}

function readCertificates(reader: DerReader): Certificate[] {
  if (reader.done) return [];
  const ders = reader.inside(contextConstructed(0), () =>
    reader.list(tag.sequence, () => reader.element(), 0),
  );
  if (ders.length > maxCertificates)
    throw reader.problem(`${ders.length} certificates, at most ${maxCertificates} come along`);
  return ders.map(readCertificateDer);
}

const hashes: readonly OcspHash[] = ['sha1', 'sha256'];

/** What is asked of an answer. */
interface OcspExpectation {
  readonly issuer: Certificate;
  readonly serial: SerialNumber;
  /** The moment of which it is to be true. */
  readonly at: Date;
}

/** An answer that does not say when newer information comes is believed for so long. */
const maxAgeMs = 7 * dayMs;

/** The most severe first: it is the one that counts where an answer says several things of one certificate. */
const severity: readonly OcspSingleResponse['status']['kind'][] = ['revoked', 'unknown', 'good'];

/**
 * What a response says of a certificate, the most severe where it says several things, or undefined when it says nothing
 * that holds at that moment: it has to be signed by the issuer itself, or by whom the issuer gave the right with a certificate
 * that came along (RFC 6960 §4.2.2.2), to have been made by then, and `at` has to lie between this update and the next
 * (§4.2.2.1), or within a week of this one where no next is named.
 * @throws HoldfastError `signature_unsupported`, `key_malformed`, `key_unsupported`
 */
export function verifyOcspResponse(
  response: OcspResponse,
  expectation: OcspExpectation,
): OcspSingleResponse | undefined {
  const { issuer, serial, at } = expectation;
  if (response.unknownCritical.length > 0 || at < response.producedAt) return undefined;
  const keys = hashes.map((name) => ocspIssuerKey(issuer, name));
  const said = response.responses.filter(
    (each) =>
      each.certId.serial === serial &&
      keys.includes(each.certId.issuerKey ?? '') &&
      isCurrent(each, response.producedAt, at),
  );
  const [found] = severity.flatMap((kind) => said.filter(({ status }) => status.kind === kind));
  const { signatureAlgorithm, tbs, signature } = response;
  const isSigned = (key: KeyObject): boolean => verifySignature(signatureAlgorithm, tbs, signature, key);
  return found !== undefined && signerKeys(response, expectation).some(isSigned) ? found : undefined;
}

/** What is said was known when the answer was made, and holds. */
function isCurrent({ thisUpdate, nextUpdate }: OcspSingleResponse, producedAt: Date, at: Date): boolean {
  const until = nextUpdate ?? new Date(thisUpdate.getTime() + maxAgeMs);
  return thisUpdate <= at && at <= until && (nextUpdate === undefined || producedAt <= nextUpdate);
}

function signerKeys(response: OcspResponse, { issuer, at }: OcspExpectation): KeyObject[] {
  const own = isResponder(response, issuer) ? [publicKeyOf(issuer)] : [];
  const delegates = response.certificates.filter(
    (each) => isResponder(response, each) && isDelegate(each, issuer, at),
  );
  return [...own, ...delegates.map(publicKeyOf)];
}

function isResponder({ responder }: OcspResponse, { subject, spki }: Certificate): boolean {
  if ('name' in responder) return equalNames(responder.name, subject);
  return equalBytes(responder.keyHash, hash('sha1', publicKeyBits(spki), 'buffer'));
}

function isDelegate(certificate: Certificate, issuer: Certificate, at: Date): boolean {
  const { extensions, notBefore, notAfter } = certificate;
  return (
    equalNames(certificate.issuer, issuer.subject) &&
    extensions.extendedKeyUsage?.includes('OCSPSigning') === true &&
    extensions.keyUsage?.includes('digitalSignature') !== false &&
    extensions.unknownCritical.length === 0 &&
    notBefore <= at &&
    at <= notAfter &&
    verifyCertificateSignature(certificate, publicKeyOf(issuer))
  );
}
