import { hash, type KeyObject } from 'node:crypto';
import { equalBytes } from '../../base/index.ts';
import {
  type Certificate,
  publicKeyOf,
  type SerialNumber,
  verifyCertificateSignature,
} from '../certificate/index.ts';
import { publicKeyBits, verifySignature } from '../key/index.ts';
import { equalNames } from '../name/index.ts';
import { type OcspHash, ocspIssuerKey } from './ocsp-cert-id.ts';
import type { OcspResponse, OcspSingleResponse } from './ocsp-response.ts';

const hashes: readonly OcspHash[] = ['sha1', 'sha256'];

/** What is asked of an answer. */
export interface OcspExpectation {
  readonly issuer: Certificate;
  readonly serial: SerialNumber;
  /** The moment of which it is to be true. */
  readonly at: Date;
}

/**
 * What a response says of a certificate, or undefined when it says nothing that holds at that moment: it has to be signed
 * by the issuer itself, or by whom the issuer gave the right with a certificate that came along (RFC 6960 §4.2.2.2), and
 * `at` has to lie between this update and the next.
 * @throws HoldfastError `signature_unsupported`, `key_malformed`, `key_unsupported`
 */
export function verifyOcspResponse(
  response: OcspResponse,
  expectation: OcspExpectation,
): OcspSingleResponse | undefined {
  const { issuer, serial, at } = expectation;
  if (response.unknownCritical.length > 0) return undefined;
  const keys = hashes.map((name) => ocspIssuerKey(issuer, name));
  const found = response.responses.find(
    ({ certId }) => certId.serial === serial && keys.includes(certId.issuerKey ?? ''),
  );
  if (found === undefined || !isCurrent(found, at)) return undefined;
  const signer = signerKey(response, expectation);
  if (signer === undefined) return undefined;
  const { signatureAlgorithm, tbs, signature } = response;
  return verifySignature(signatureAlgorithm, tbs, signature, signer) ? found : undefined;
}

function isCurrent({ thisUpdate, nextUpdate }: OcspSingleResponse, at: Date): boolean {
  return thisUpdate <= at && (nextUpdate === undefined || at <= nextUpdate);
}

function signerKey(response: OcspResponse, { issuer, at }: OcspExpectation): KeyObject | undefined {
  if (isResponder(response, issuer)) return publicKeyOf(issuer);
  const delegate = response.certificates.find(
    (certificate) => isResponder(response, certificate) && isDelegate(certificate, issuer, at),
  );
  return delegate && publicKeyOf(delegate);
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
    extensions.unknownCritical.length === 0 &&
    notBefore <= at &&
    at <= notAfter &&
    verifyCertificateSignature(certificate, publicKeyOf(issuer))
  );
}
