import { createHash, type KeyObject } from 'node:crypto';
import { equalBytes, HoldfastError } from '../../base/index.ts';
import { type Certificate, formatName } from '../../pki/index.ts';
import { signersAbove } from '../issuers/index.ts';
import { type AuditLog, kinds } from '../log/index.ts';
import type { Records } from '../records/index.ts';
import type { ImportedCertificate, Imports } from './imports.ts';

/** A root that was there before, or that an authority outside has signed, with its key. */
export interface AdoptedRoot {
  readonly certificate: Certificate;
  readonly key: KeyObject;
  /** The certificates above it, up to one that signed itself; none above a root that did so. */
  readonly outside: readonly Certificate[];
  /** What it had issued. */
  readonly imports: Imports;
  /** The file that the key came from, absolute; absent for one that was made here. */
  readonly keyFile?: { readonly path: string; readonly form: 'clear' | 'encrypted'; readonly sha256: string };
}

/** So many numbers are in one record of the log. */
const numbersAtOnce = 200;

/** Puts on record what came with a root, once the root itself is; in the transaction that makes the authority. */
export async function recordAdopted(
  tx: Records,
  log: AuditLog,
  { label, root, by }: { readonly label: string; readonly root: AdoptedRoot; readonly by: string },
): Promise<void> {
  const { certificate, outside, imports, keyFile } = root;
  const { fingerprint, subject } = certificate;
  const { certificates, crlNumber } = imports;
  const details = {
    label,
    root: fingerprint,
    subject: formatName(subject),
    outside: outside.map((each) => each.fingerprint),
    imported: certificates.length,
    revoked: certificates.filter(({ revoked }) => revoked !== undefined).length,
    ...(crlNumber !== undefined && { crlNumber }),
    ...(keyFile && { keyFile: keyFile.path, keyForm: keyFile.form, sha256: keyFile.sha256 }),
  };
  await log.decide(tx, kinds.authorityAdopted, { by, details });
  for (const each of outside) await recordOutside(tx, log, { certificate: each, by });
  const numbers: ImportedCertificate[] = [];
  for (const each of certificates)
    if (each.certificate === undefined) numbers.push(each);
    else await recordCertificate(tx, log, { label, imported: each, certificate: each.certificate, by });
  for (let from = 0; from < numbers.length; from += numbersAtOnce) {
    const some = numbers.slice(from, from + numbersAtOnce).map(numberDetails);
    await log.decide(tx, kinds.numbersImported, { by, details: { issuer: label, numbers: some } });
  }
}

/** Puts a certificate above the root on record. */
export async function recordOutside(
  tx: Records,
  log: AuditLog,
  { certificate, by }: { readonly certificate: Certificate; readonly by: string },
): Promise<void> {
  const { fingerprint, subject } = certificate;
  const details = { fingerprint, subject: formatName(subject) };
  await log.decide(tx, kinds.outsideCertificateRecorded, { by, details, given: certificate });
}

async function recordCertificate(
  tx: Records,
  log: AuditLog,
  {
    label,
    imported: { serial, revoked },
    certificate,
    by,
  }: { label: string; imported: ImportedCertificate; certificate: Certificate; by: string },
): Promise<void> {
  const { fingerprint, subject } = certificate;
  const about = { issuer: label, serial, fingerprint, subject: formatName(subject) };
  const details = { ...about, ...(revoked && { revoked: revocationDetails(revoked) }) };
  await log.decide(tx, kinds.certificateImported, { by, details, given: certificate });
}

function numberDetails({ serial, subject, notAfter, revoked }: ImportedCertificate) {
  return {
    serial,
    ...(subject !== undefined && { subject }),
    ...(notAfter !== undefined && { notAfter: notAfter.toISOString() }),
    ...(revoked && { revoked: revocationDetails(revoked) }),
  };
}

function revocationDetails({ at, reason }: NonNullable<ImportedCertificate['revoked']>) {
  return { at: at.toISOString(), reason };
}

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
