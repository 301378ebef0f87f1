import type { KeyObject } from 'node:crypto';
import { type Bytes, HoldfastError } from '../../base/index.ts';
import { contextConstructed, type DerWriter, tag, writeDer, writeTime } from '../der/index.ts';
import { keyIdentifier, type Signer, signerOf, writeSignature } from '../key/index.ts';
import { type Name, writeName } from '../name/index.ts';
import { lintCertificate } from './lint-certificate.ts';
import type { LintOptions } from './lint-extensions.ts';
import { type SerialNumber, writeSerialNumber } from './serial-number.ts';
import { type ExtensionTemplate, writeExtensions } from './write-extensions.ts';

/** What a certificate is to say. */
export interface CertificateTemplate {
  readonly serial: SerialNumber;
  readonly issuer: Name;
  readonly subject: Name;
  /** Cut to whole seconds, like `notAfter`. */
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** The subject's SubjectPublicKeyInfo. */
  readonly spki: Bytes;
  readonly extensions: ExtensionTemplate;
}

/**
 * Signs a certificate (version 3, RFC 5280 §4.1) and returns its DER. It says what the template says and no more;
 * whether that is wise is the caller's business. A `TypeError` for a template that cannot be written.
 * @throws HoldfastError `key_unsupported`, `key_malformed`
 */
export function createCertificate(template: CertificateTemplate, issuerKey: KeyObject): Bytes {
  const tbs = certificateToSign(template, issuerKey);
  return completeCertificate(tbs, issuerKey, signerOf(issuerKey).sign(tbs));
}

/**
 * Signs a certificate as {@link createCertificate} does, when it breaks no rule of `lintCertificate`.
 * @throws HoldfastError `lint_failed` with every rule that it would break, before anything is signed; `key_unsupported`,
 *   `key_malformed`
 */
export function createLintedCertificate(template: CertificateTemplate, issuerKey: KeyObject): Bytes {
  const tbs = certificateToSign(template, issuerKey);
  return completeCertificate(tbs, issuerKey, signLinted(tbs, issuerKey));
}

/**
 * The part of a certificate that `issuerKey` is to sign (TBSCertificate, RFC 5280 §4.1.2). Errors as those of
 * {@link createCertificate}.
 */
export function certificateToSign(template: CertificateTemplate, issuerKey: KeyObject): Bytes {
  if (template.notAfter < template.notBefore) throw new TypeError('a certificate that ends before it begins');
  const signer = signerOf(issuerKey);
  return writeDer((writer) => writeTbs(writer, template, signer));
}

/** The signature of what {@link certificateToSign} gave. @throws HoldfastError `lint_failed`, `key_unsupported` */
export function signLinted(tbs: Bytes, issuerKey: KeyObject, options?: LintOptions): Bytes {
  checkLint(tbs, options);
  return signerOf(issuerKey).sign(tbs);
}

/** Refuses what `lintCertificate` finds something in. @throws HoldfastError `lint_failed` with every rule that is broken */
export function checkLint(tbs: Bytes, options?: LintOptions): void {
  const findings = lintCertificate(tbs, options);
  if (findings.length === 0) return;
  throw new HoldfastError(
    'lint_failed',
    `the certificate would break rules of RFC 5280: ${findings.join('; ')}`,
  );
}

/** The certificate of which `tbs` is what `issuerKey` signed, and `signature` the signature. */
export function completeCertificate(tbs: Bytes, issuerKey: KeyObject, signature: Bytes): Bytes {
  return writeDer((writer) =>
    writer.inside(tag.sequence, () => {
      writer.element(tbs);
      writeSignature(writer, signerOf(issuerKey), signature);
    }),
  );
}

function writeTbs(writer: DerWriter, template: CertificateTemplate, signer: Signer): void {
  const { serial, issuer, subject, notBefore, notAfter, spki } = template;
  const extensions = { subjectKeyId: keyIdentifier(spki), ...template.extensions };
  writer.inside(tag.sequence, () => {
    writer.inside(contextConstructed(0), () => writer.smallInteger(2));
    writeSerialNumber(writer, serial);
    writer.element(signer.algorithm);
    writeName(writer, issuer);
    writer.inside(tag.sequence, () => {
      writeTime(writer, notBefore);
      writeTime(writer, notAfter);
    });
    writeName(writer, subject);
    writer.element(spki);
    writer.inside(contextConstructed(3), () => writeExtensions(writer, extensions, subject.length === 0));
  });
}
