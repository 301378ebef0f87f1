import type { KeyObject } from 'node:crypto';
import type { Bytes } from '../base/index.ts';
import type { Name } from './name.ts';
import type { SerialNumber } from './serial-number.ts';
import type { ExtensionTemplate } from './write-extensions.ts';

/** What a certificate is to say. */
export interface CertificateTemplate {
  readonly serial: SerialNumber;
  readonly issuer: Name;
  readonly subject: Name;
  /** Cut to whole seconds. */
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** The subject's SubjectPublicKeyInfo. */
  readonly spki: Bytes;
  readonly extensions: ExtensionTemplate;
}

/** Signs a certificate (version 3) and returns its DER. A `TypeError` for a template that cannot be written. */
export function createCertificate(template: CertificateTemplate, issuerKey: KeyObject): Bytes {
  throw new TypeError(`not yet ${template.serial} ${issuerKey.type}`);
}
