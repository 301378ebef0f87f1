import type { Bytes } from '../../base/index.ts';
import {
  type Certificate,
  type Extensions,
  noExtensions,
  readCertificateDer,
  readExtensions,
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
import { readSignatureAlgorithm, type SignatureAlgorithm } from '../key/index.ts';
import { type Name, readName } from '../name/index.ts';
import { type OcspCertId, readCertId } from './ocsp-cert-id.ts';
import { ocspOids, readNonce } from './ocsp-nonce.ts';
import { type FoundReason, type RevocationReason, readReason } from './revocation-reason.ts';

/** What is said of one certificate (RFC 6960 §4.2.1); `unknown` means that the issuer has no such certificate on record. */
export type OcspStatus<Reason = RevocationReason> =
  | { readonly kind: 'good' | 'unknown' }
  | { readonly kind: 'revoked'; readonly revokedAt: Date; readonly reason: Reason };

/** A status as it was read. */
export type FoundOcspStatus = OcspStatus<FoundReason>;

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
export interface OcspFailure {
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
