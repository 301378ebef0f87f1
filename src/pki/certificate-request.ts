import type { Bytes } from '../base/index.ts';
import type { Extensions } from './extensions.ts';
import type { Name } from './name.ts';
import type { ObjectIdentifier } from './object-identifier.ts';
import type { SignatureAlgorithm } from './signature-algorithm.ts';

/** A certificate signing request as read (RFC 2986 §4). Its byte fields are views of `der`. */
export interface CertificateRequest {
  readonly der: Bytes;
  /** The part that is signed. */
  readonly info: Bytes;
  readonly subject: Name;
  readonly spki: Bytes;
  /** The attributes other than the extension request, each with the DER of its values. */
  readonly attributes: ReadonlyMap<ObjectIdentifier, readonly Bytes[]>;
  /** What the extension request (RFC 2985 §5.4.2) asks for; empty when there is none. */
  readonly extensions: Extensions;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signature: Bytes;
}

/** Reads a request. Nothing is verified. @throws HoldfastError `request_malformed` */
export function parseCertificateRequest(der: Bytes): CertificateRequest {
  throw new TypeError(`not yet ${der.length}`);
}
