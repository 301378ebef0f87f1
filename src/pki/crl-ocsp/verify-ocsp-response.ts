import { hash, type KeyObject } from 'node:crypto';
import { dayMs, equalBytes } from '../../base/index.ts';
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
