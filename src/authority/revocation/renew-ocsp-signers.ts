import { exportPublicKey, generateKeyPair, parseCertificate } from '../../pki/index.ts';
import { authorityProfiles, needsRenewal } from '../../policy/index.ts';
import type { AuthorityContext } from '../authority-context.ts';
import type { CaCertificate } from '../issuer.ts';
import { readStanding } from '../standing.ts';
import { createOcspSignerCertificate } from './ocsp-signer-certificate.ts';
import { ocspSignerLabel, readOcspSigner, recordOcspSigner } from './ocsp-signer-records.ts';

/**
 * Gives every issuing certificate that is in use, and whose key is here, somebody who signs OCSP answers for it, with a
 * new key at two thirds of the life of the one before. The issuing keys themselves sign no answers.
 */
export async function renewOcspSignersWhenDue(context: AuthorityContext): Promise<void> {
  const { reader, clock, clockGuard, keystore, issuer } = context;
  if (readStanding(reader) !== 'ready' || clockGuard.problem() !== undefined) return;
  const due = issuer.issuings.filter((issuing) => {
    const { notBefore, notAfter } = issuing.certificate;
    const isInUse = clock.now() >= notBefore.getTime() && clock.now() < notAfter.getTime();
    return isInUse && keystore.has(issuing.label) && isDue(context, issuing);
  });
  for (const issuing of due) await replace(context, issuing);
}

function isDue(context: AuthorityContext, { label, certificate: issuing }: CaCertificate): boolean {
  const present = readOcspSigner(context, label)?.certificate;
  if (present === undefined || context.clock.now() < present.notBefore.getTime()) return true;
  // At the end of the issuing certificate there is nothing to be won by another one.
  return needsRenewal(present, context.clock.now()) && present.notAfter < issuing.notAfter;
}

/** The key is in the keystore before its certificate is on record: what is cut short in between is due again. */
async function replace(context: AuthorityContext, issuing: CaCertificate): Promise<void> {
  const { database, keystore, log, clock } = context;
  const { privateKey } = await generateKeyPair(authorityProfiles.ocspSigner.keyAlgorithm);
  const spki = exportPublicKey(privateKey);
  const label = ocspSignerLabel(issuing.label);
  const certificate = parseCertificate(
    createOcspSignerCertificate(issuing, keystore.key(issuing.label), { spki, nowMs: clock.now() }),
  );
  await keystore.update((entries) => entries.putKey(label, privateKey));
  await database.transaction(async (tx) => {
    await recordOcspSigner(tx, issuing.label, certificate);
    const { serial, fingerprint, notAfter } = certificate;
    const details = { label, serial, fingerprint, notAfter: notAfter.toISOString() };
    await log.append(tx, { kind: 'ocsp signer replaced', by: 'authority', details });
  });
}
