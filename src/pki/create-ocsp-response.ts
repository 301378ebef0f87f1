import { hash, type KeyObject } from 'node:crypto';
import type { Bytes } from '../base/index.ts';
import type { Certificate } from './certificate.ts';
import { context, contextConstructed, tag } from './der-tag.ts';
import { writeGeneralizedTime } from './der-time.ts';
import { type DerWriter, writeDer } from './der-writer.ts';
import { writeNonce } from './ocsp-nonce.ts';
import { ocspOids } from './ocsp-oids.ts';
import { type OcspErrorStatus, type OcspStatus, ocspErrorCodes } from './ocsp-status.ts';
import { publicKeyBits } from './public-key.ts';
import { writeReason } from './revocation-reason.ts';
import { type Signer, signerOf } from './signing.ts';

/** Who signs answers; see {@link createOcspSigner}. */
export interface OcspSigner {
  readonly certificate: Certificate;
  /** SHA-1 of the key, by which answers name their signer (RFC 6960 §4.2.2.3). */
  readonly keyHash: Bytes;
  readonly signer: Signer;
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

/** What most answers have besides the certificate of their signer: one line, a nonce, a signature of P-256. */
const bytesBesideCertificate = 512;

/** A signer with its certificate. A `TypeError` for a public key. @throws HoldfastError `key_unsupported` */
export function createOcspSigner(certificate: Certificate, privateKey: KeyObject): OcspSigner {
  const keyHash = hash('sha1', publicKeyBits(certificate.spki), 'buffer');
  return { certificate, keyHash, signer: signerOf(privateKey) };
}

/** The DER of a signed answer (RFC 6960 §4.2.1), which names its signer by key and brings its certificate along. */
export function createOcspResponse(template: OcspResponseTemplate, by: OcspSigner): Bytes {
  const data = encodeData(template, by);
  return encodeResponse({ data, signature: by.signer.sign(data) }, by);
}

/** The same, signed in another thread. */
export async function createOcspResponseAside(
  template: OcspResponseTemplate,
  by: OcspSigner,
): Promise<Bytes> {
  const data = encodeData(template, by);
  return encodeResponse({ data, signature: await by.signer.signAside(data) }, by);
}

/** The DER that says why there is no answer; it is not signed (RFC 6960 §2.3). */
export function createOcspError(status: OcspErrorStatus): Bytes {
  return writeDer((writer) =>
    writer.inside(tag.sequence, () => writer.smallInteger(ocspErrorCodes[status], tag.enumerated)),
  );
}

/** What is signed, and its signature. */
interface SignedData {
  readonly data: Bytes;
  readonly signature: Bytes;
}

function encodeResponse(signed: SignedData, by: OcspSigner): Bytes {
  const expectedBytes = by.certificate.der.length + bytesBesideCertificate;
  return writeDer((writer) => {
    writer.inside(tag.sequence, () => {
      writer.smallInteger(0, tag.enumerated);
      writer.inside(contextConstructed(0), () =>
        writer.inside(tag.sequence, () => {
          writer.oid(ocspOids.basicResponse);
          writer.inside(tag.octetString, () => writeBasic(writer, signed, by));
        }),
      );
    });
  }, expectedBytes);
}

function writeBasic(writer: DerWriter, { data, signature }: SignedData, by: OcspSigner): void {
  writer.inside(tag.sequence, () => {
    writer.element(data);
    writer.element(by.signer.algorithm);
    writer.bitString(signature);
    writer.inside(contextConstructed(0), () =>
      writer.inside(tag.sequence, () => writer.element(by.certificate.der)),
    );
  });
}

function encodeData(template: OcspResponseTemplate, by: OcspSigner): Bytes {
  return writeDer((writer) => writer.inside(tag.sequence, () => writeData(writer, template, by)));
}

function writeData(writer: DerWriter, template: OcspResponseTemplate, { keyHash }: OcspSigner): void {
  const { answers, producedAt, nonce } = template;
  writer.inside(contextConstructed(2), () => writer.content(tag.octetString, keyHash));
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
