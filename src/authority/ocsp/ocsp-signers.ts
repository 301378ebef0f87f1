import type { KeyObject } from 'node:crypto';
import { type Bytes, type Clock, equalBytes } from '../../base/index.ts';
import {
  createLintedCertificate,
  createName,
  createOcspSigner,
  exportPublicKey,
  generateKeyPair,
  generateSerialNumber,
  type OcspSigner,
  parseCertificate,
} from '../../pki/index.ts';
import { authorityProfiles, needsRenewal } from '../../policy/index.ts';
import type { Keystore } from '../../trust/index.ts';
import { type CaCertificate, type Issuer, keyIdentifierOf } from '../issuers/index.ts';
import { kinds, type Recording } from '../log/index.ts';
import { ocspSignerLabel } from '../records/index.ts';
import type { ClockGuard, Present } from '../standing/index.ts';

/** What answers are signed with, and those who sign them replaced. */
export interface Answering extends Recording {
  readonly issuer: Issuer;
  readonly keystore: Keystore;
  readonly clock: Clock;
  readonly clockGuard: ClockGuard;
  readonly present: Present;
}

/**
 * Gives every issuing certificate that is in use, and whose key is here, somebody who signs OCSP answers for it, with a
 * new key at two thirds of the life of the one before; a root that was adopted too. The issuing keys themselves sign no
 * answers.
 */
export async function renewOcspSignersWhenDue(context: Answering): Promise<void> {
  const { present, clock, clockGuard, keystore, issuer } = context;
  if (present.state.standing !== 'ready' || clockGuard.problem() !== undefined) return;
  const inUse = answeredIssuers(issuer).filter(({ label, certificate }) => {
    const { notBefore, notAfter } = certificate;
    return clock.now() >= notBefore.getTime() && clock.now() < notAfter.getTime() && keystore.has(label);
  });
  for (const issuing of inUse) if (await isDue(context, issuing)) await replace(context, issuing);
}

/** Those about whose certificates is answered: what a root of our own has signed, its list alone says. */
export function answeredIssuers({ root, rootIssued = false, issuings }: Issuer): readonly CaCertificate[] {
  return rootIssued ? [...issuings, root] : issuings;
}

async function isDue(context: Answering, { label, certificate: issuing }: CaCertificate): Promise<boolean> {
  const present = (await readOcspSigner(context, { label, certificate: issuing }))?.certificate;
  if (present === undefined || context.clock.now() < present.notBefore.getTime()) return true;
  // At the end of the issuing certificate there is nothing to be won by another one.
  return needsRenewal(present, context.clock.now()) && present.notAfter < issuing.notAfter;
}

/** The key is in the keystore before its certificate is on record: what is cut short in between is due again. */
async function replace(context: Answering, issuing: CaCertificate): Promise<void> {
  const { records, keystore, log, clock } = context;
  const { privateKey } = await generateKeyPair(authorityProfiles.ocspSigner.keyAlgorithm);
  const spki = exportPublicKey(privateKey);
  const label = ocspSignerLabel(issuing.label);
  const certificate = parseCertificate(
    createOcspSignerCertificate(issuing, keystore.key(issuing.label), { spki, nowMs: clock.now() }),
  );
  await keystore.update((entries) => entries.putKey(label, privateKey));
  await records.transaction(async (tx) => {
    const { serial, fingerprint, notAfter, der } = certificate;
    await tx.ocspSigners.put({
      label,
      issuer: issuing.label,
      not_after: notAfter.getTime(),
      certificate: der,
    });
    const details = { label, serial, fingerprint, notAfter: notAfter.toISOString() };
    await log.decide(tx, kinds.ocspSignerReplaced, { by: 'authority', details });
  });
}

/**
 * Who signs answers for an issuer, as it is on record and in the keystore; undefined when there is none, or when what
 * was cut short left a key that is not the one of the certificate.
 */
export async function readOcspSigner(
  { records, keystore }: Pick<Answering, 'records' | 'keystore'>,
  issuing: Pick<CaCertificate, 'label' | 'certificate'>,
): Promise<OcspSigner | undefined> {
  const label = ocspSignerLabel(issuing.label);
  const row = await records.committed.ocspSigners.find(label);
  if (row === undefined || !keystore.has(label)) return undefined;
  const certificate = parseCertificate(row.certificate);
  const privateKey = keystore.key(label);
  const belongs = equalBytes(exportPublicKey(privateKey), certificate.spki);
  return belongs ? createOcspSigner(certificate, privateKey, [issuing.certificate]) : undefined;
}

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
        authorityKeyId: keyIdentifierOf(certificate),
        ocspNoCheck: true,
      },
    },
    issuerKey,
  );
}
