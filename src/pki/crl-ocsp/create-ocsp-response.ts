import { hash, type KeyObject } from 'node:crypto';
import type { Bytes } from '../../base/index.ts';
import type { Certificate } from '../certificate/index.ts';
import {
  context,
  contextConstructed,
  DerWriter,
  elementBytes,
  tag,
  writeDer,
  writeGeneralizedTime,
} from '../der/index.ts';
import { publicKeyBits, type Signer, signerOf } from '../key/index.ts';
import { ocspOids, writeNonce } from './ocsp-request.ts';
import { type OcspErrorStatus, type OcspStatus, ocspErrorCodes } from './ocsp-response.ts';
import { writeReason } from './revocation-reason.ts';

/** Who signs answers; see {@link createOcspSigner}. */
export interface OcspSigner {
  readonly certificate: Certificate;
  readonly signer: Signer;
  readonly privateKey: KeyObject;
  /** The DER by which answers name their signer: the SHA-1 of its key (RFC 6960 §4.2.2.3). */
  readonly responderId: Bytes;
  /**
   * The DER of the certificates that every answer brings along, and ends with: the signer's own, then those that lead from it
   * to the root.
   */
  readonly certificates: Bytes;
}

/** One line of an answer. */
export interface OcspAnswer {
  /** The DER of the CertID, as it was asked. */
  readonly certId: Bytes;
  readonly status: OcspStatus;
}

/** What an answer is to say; times are cut to whole seconds. */
export interface OcspResponseTemplate {
  readonly answers: readonly OcspAnswer[];
  readonly producedAt: Date;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date;
  /** Of the request. */
  readonly nonce?: Bytes;
}

/** Of most answers, what is signed. */
const expectedBytes = 512;

/**
 * Makes a signer with its certificate. `issuers` are those that lead from it to the root, which itself is left out: with them
 * whoever has the root alone can verify an answer, as web servers do that staple (RFC 6960 §4.2.1).
 * A `TypeError` for a public key. @throws HoldfastError `key_unsupported`
 */
export function createOcspSigner(
  certificate: Certificate,
  privateKey: KeyObject,
  issuers: readonly Certificate[] = [],
): OcspSigner {
  const keyHash = hash('sha1', publicKeyBits(certificate.spki), 'buffer');
  return {
    certificate,
    signer: signerOf(privateKey),
    privateKey,
    responderId: writeDer((writer) =>
      writer.inside(contextConstructed(2), () => writer.content(tag.octetString, keyHash)),
    ),
    certificates: writeDer((writer) =>
      writer.inside(contextConstructed(0), () =>
        writer.inside(tag.sequence, () => {
          for (const { der } of [certificate, ...issuers]) writer.element(der);
        }),
      ),
    ),
  };
}

/** The DER of a signed answer (RFC 6960 §4.2.1), which names its signer by key and brings its certificates along. */
export function createOcspResponse(template: OcspResponseTemplate, by: OcspSigner): Bytes {
  const data = encodeOcspData(template, by);
  return encodeOcspResponse({ data, signature: by.signer.sign(data) }, by);
}

/** The DER that says why there is no answer; it is not signed (RFC 6960 §2.3). */
export function createOcspError(status: OcspErrorStatus): Bytes {
  return writeDer((writer) =>
    writer.inside(tag.sequence, () => writer.smallInteger(ocspErrorCodes[status], tag.enumerated)),
  );
}

/** What is signed, and its signature. */
export interface SignedOcspData {
  readonly data: Bytes;
  readonly signature: Bytes;
}

/** What a signer is to sign: for those who have it signed elsewhere. */
export function encodeOcspData(template: OcspResponseTemplate, by: OcspSigner): Bytes {
  const writer = new DerWriter(expectedBytes);
  writer.inside(tag.sequence, () => writeData(writer, template, by));
  return writer.since(0);
}

/** The answer with a signature that was made elsewhere. */
export function encodeOcspResponse({ data, signature }: SignedOcspData, by: OcspSigner): Bytes {
  // From the inside out: the lengths are known, so that nothing has to move for them.
  const bits = elementBytes(signature.length + 1);
  const basic = data.length + by.signer.algorithm.length + bits + by.certificates.length;
  const typed = basicResponseType.length + elementBytes(elementBytes(basic));
  const answer = successful.length + elementBytes(elementBytes(typed));
  const writer = new DerWriter(elementBytes(answer));
  writer.header(tag.sequence, answer);
  writer.element(successful);
  writer.header(contextConstructed(0), elementBytes(typed));
  writer.header(tag.sequence, typed);
  writer.element(basicResponseType);
  writer.header(tag.octetString, elementBytes(basic));
  writer.header(tag.sequence, basic);
  writer.element(data);
  writer.element(by.signer.algorithm);
  writer.bitString(signature);
  writer.element(by.certificates);
  return writer.since(0);
}

const successful = writeDer((writer) => writer.smallInteger(0, tag.enumerated));
const basicResponseType = writeDer((writer) => writer.oid(ocspOids.basicResponse));

function writeData(writer: DerWriter, template: OcspResponseTemplate, { responderId }: OcspSigner): void {
  const { answers, producedAt, nonce } = template;
  writer.element(responderId);
  writeGeneralizedTime(writer, producedAt);
  writer.inside(tag.sequence, () => {
    for (const answer of answers) writeAnswer(writer, answer, template);
  });
  if (nonce !== undefined) writer.inside(contextConstructed(1), () => writeNonce(writer, nonce));
}

function writeAnswer(
  writer: DerWriter,
  { certId, status }: OcspAnswer,
  { thisUpdate, nextUpdate }: OcspResponseTemplate,
): void {
  writer.inside(tag.sequence, () => {
    writer.element(certId);
    writeStatus(writer, status);
    writeGeneralizedTime(writer, thisUpdate);
    writer.inside(contextConstructed(0), () => writeGeneralizedTime(writer, nextUpdate));
  });
}

function writeStatus(writer: DerWriter, status: OcspStatus): void {
  if (status.kind !== 'revoked') return writer.inside(context(status.kind === 'good' ? 0 : 2), () => {});
  const { revokedAt, reason } = status;
  writer.inside(contextConstructed(1), () => {
    writeGeneralizedTime(writer, revokedAt);
    if (reason !== 'unspecified') writer.inside(contextConstructed(0), () => writeReason(writer, reason));
  });
}
