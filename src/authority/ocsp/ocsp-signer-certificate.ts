import type { KeyObject } from 'node:crypto';
import type { Bytes } from '../../base/index.ts';
import { createLintedCertificate, createName, generateSerialNumber, keyIdentifier } from '../../pki/index.ts';
import { authorityProfiles } from '../../policy/index.ts';
import type { CaCertificate } from '../issuers/issuer.ts';

/** A certificate that lets `spki` sign OCSP answers for an issuer (RFC 6960 §4.2.2.2), until the issuer's end at the latest. */
export function createOcspSignerCertificate(
  { label, certificate }: CaCertificate,
  issuerKey: KeyObject,
  { spki, nowMs }: { readonly spki: Bytes; readonly nowMs: number },
): Bytes {
  const { lifetimeMs, backdateMs } = authorityProfiles.ocspSigner;
  return createLintedCertificate(
    {
      serial: generateSerialNumber(nowMs),
      issuer: certificate.subject,
      subject: createName({ CN: `Holdfast OCSP ${label}` }),
      notBefore: new Date(Math.max(nowMs - backdateMs, certificate.notBefore.getTime())),
      notAfter: new Date(Math.min(nowMs + lifetimeMs, certificate.notAfter.getTime())),
      spki,
      extensions: {
        basicConstraints: { ca: false },
        keyUsage: ['digitalSignature'],
        extendedKeyUsage: ['OCSPSigning'],
        authorityKeyId: keyIdentifier(certificate.spki),
        ocspNoCheck: true,
      },
    },
    issuerKey,
  );
}
