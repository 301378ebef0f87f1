import { createHash } from 'node:crypto';
import { equalBytes, HoldfastError } from '../../base/index.ts';
import { type Certificate, formatName } from '../../pki/index.ts';
import { signersAbove } from '../issuers/index.ts';

/** What an outside root answered a request with. */
export interface AnsweredRoot {
  /** The one for our key; the newest where there are several. */
  readonly certificate: Certificate;
  /** Those above it, the next one first, up to one that signed itself where it was there. */
  readonly outside: readonly Certificate[];
}

/** So many are looked at. */
const maxCertificates = 64;

/**
 * Finds among certificates in any order the one for a public key, and who signed it.
 * @throws HoldfastError `root_unfit` when none of them is for that key
 */
export function answeredRoot(all: readonly Certificate[], publicKey: Uint8Array): AnsweredRoot {
  const certificates = all.slice(0, maxCertificates);
  const [certificate] = certificates
    .filter(({ spki }) => equalBytes(spki, publicKey))
    .sort((a, b) => b.notBefore.getTime() - a.notBefore.getTime());
  if (certificate === undefined) throw noneForKey(certificates, publicKey);
  return { certificate, outside: signersAbove(certificate, certificates) };
}

function noneForKey(certificates: readonly Certificate[], publicKey: Uint8Array): HoldfastError {
  const found = certificates
    .slice(0, 3)
    .map(({ subject, spki }) => `${formatName(subject)} (${hashOf(spki)})`);
  return new HoldfastError(
    'root_unfit',
    `no certificate is for the key of this authority: found ${found.join(', ')}, expected a public key with SHA-256 ${hashOf(publicKey)}`,
    {
      hint: 'nothing was changed; have the request signed that belongs to this home: holdfast ca request --out FILE writes it again',
    },
  );
}

function hashOf(spki: Uint8Array): string {
  return createHash('sha256').update(spki).digest('hex');
}
