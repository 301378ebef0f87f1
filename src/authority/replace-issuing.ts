import { createPublicKey } from 'node:crypto';
import { generateKeyPair, keyAlgorithmOf, parseCertificate } from '../pki/index.ts';
import type { AuthorityContext } from './authority-context.ts';
import { createIssuingCertificate } from './ca-certificates.ts';
import type { CaCertificate } from './issuer.ts';
import { issuerLabel, recordIssuer } from './issuer-records.ts';
import { presentIssuing, readIssuer } from './read-issuer.ts';

/**
 * Makes the next issuing certificate, with a new key, when half of the present one's life is over and the root's key is
 * here to sign it, and the clock can be believed; the older ones stay on record, and what they issued stays valid. From then on the context issues with
 * it, as it does with one made earlier whose time has come.
 */
export async function replaceIssuingWhenDue(context: AuthorityContext): Promise<void> {
  const { issuer, clock, clockGuard, keystore } = context;
  const isDue = isPastHalf(issuer.issuing, clock.now()) && clockGuard.problem() === undefined;
  if (isDue && keystore.has(issuer.root.label)) await replaceIssuing(context);
  if (presentIssuing(issuer.issuings, clock.now()).label !== issuer.issuing.label) await readAgain(context);
}

/**
 * The key is in the keystore before its certificate is on record: a crash in between leaves a key that the next attempt
 * uses.
 */
async function replaceIssuing(context: AuthorityContext): Promise<void> {
  const { database, issuer, keystore, log, clock } = context;
  const { root, issuing: present, issuings } = issuer;
  const generation = issuings.length + 1;
  const label = issuerLabel('issuing', generation);
  if (!keystore.has(label)) {
    const { privateKey } = await generateKeyPair(keyAlgorithmOf(present.certificate.spki));
    await keystore.update((entries) => entries.putKey(label, privateKey));
  }
  const signer = { root: root.certificate, rootLabel: root.label, rootKey: keystore.key(root.label) };
  const options = { network: issuer.network, statusAddress: issuer.statusAddress, nowMs: clock.now() };
  const publicKey = createPublicKey(keystore.key(label));
  const certificate = parseCertificate(createIssuingCertificate(label, publicKey, signer, options));
  // Near the end of the root there is nothing to be won by another one.
  if (certificate.notAfter <= present.certificate.notAfter) return;
  await database.transaction(async (tx) => {
    await recordIssuer(tx, { kind: 'issuing', generation, certificate });
    const details = { issuing: certificate.fingerprint, label, replaces: present.label };
    await log.append(tx, { kind: 'issuing certificate replaced', by: 'authority', details });
  });
  await readAgain(context);
}

async function readAgain(context: AuthorityContext): Promise<void> {
  const { database, keystore, issuer, clock } = context;
  const { network, statusAddress } = issuer;
  context.useIssuer(await readIssuer(database, keystore, { network, statusAddress, nowMs: clock.now() }));
}

function isPastHalf({ certificate: { notBefore, notAfter } }: CaCertificate, nowMs: number): boolean {
  return nowMs >= (notBefore.getTime() + notAfter.getTime()) / 2;
}
