import type { Bytes } from '../base/index.ts';
import type { Extensions } from './extensions.ts';
import type { Fingerprint } from './fingerprint.ts';
import type { Identity } from './identity.ts';
import type { Name } from './name.ts';
import type { SerialNumber } from './serial-number.ts';
import type { SignatureAlgorithm } from './signature-algorithm.ts';

/** A certificate as read (RFC 5280 §4.1). Its byte fields are views of `der`. */
export interface Certificate {
  /** The whole certificate. */
  readonly der: Bytes;
  /** The part that is signed. */
  readonly tbs: Bytes;
  readonly version: 1 | 2 | 3;
  readonly serial: SerialNumber;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly issuer: Name;
  readonly subject: Name;
  readonly notBefore: Date;
  /** The last moment of validity, itself included. */
  readonly notAfter: Date;
  /** The SubjectPublicKeyInfo; see `publicKeyOf` and `describePublicKey`. */
  readonly spki: Bytes;
  readonly extensions: Extensions;
  readonly signature: Bytes;
  /** SHA-256 of `der`. */
  readonly fingerprint: Fingerprint;
  /** Who the certificate speaks for: its one URI name, when that is an identity (X.509-SVID §2). */
  readonly identity?: Identity;
}

/**
 * Reads a certificate of version 1, 2 or 3. Extensions known here are read, all others kept raw; one that is there
 * twice is malformed. Nothing is verified: neither signature nor dates nor that the key is usable.
 * @throws HoldfastError `certificate_malformed`
 */
export function parseCertificate(der: Bytes): Certificate {
  throw new TypeError(`not yet ${der.length}`);
}
