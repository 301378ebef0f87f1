import { createPublicKey } from 'node:crypto';
import type { Clock } from '../base/index.ts';
import type { Database } from '../db/index.ts';
import { generateKeyPair, parseCertificate } from '../pki/index.ts';
import { authorityProfiles } from '../policy/index.ts';
import type { Keystore } from '../trust/index.ts';
import type { AuditLog } from './audit-log.ts';
import { createIssuingCertificate } from './ca-certificates.ts';
import type { CaCertificate } from './issuer.ts';
import { issuerLabel, readIssuers, recordIssuer } from './issuer-records.ts';

/** What a new issuing certificate is made with. */
export interface ReplacementContext {
  readonly network: string;
  readonly statusAddress: string;
  readonly database: Database;
  readonly keystore: Keystore;
  readonly log: AuditLog;
  readonly clock: Clock;
}

/**
 * Makes the next issuing certificate, with a new key, when half of the present one's life is over and the root's key is
 * here to sign it; the older ones stay on record, and what they issued stays valid. The key is in the keystore before
 * its certificate is on record: a crash in between leaves a key that the next attempt uses.
 */
export async function replaceIssuingWhenDue(context: ReplacementContext): Promise<void> {
  const { database, keystore, log, clock, network, statusAddress } = context;
  const [root] = await readIssuers(database, 'root');
  const issuings = await readIssuers(database, 'issuing');
  const present = presentIssuing(issuings, clock.now());
  if (!keystore.has(root.label) || !isPastHalf(present, clock.now())) return;
  const generation = issuings.length + 1;
  const label = issuerLabel('issuing', generation);
  if (!keystore.has(label)) {
    const { privateKey } = await generateKeyPair(authorityProfiles.issuing.keyAlgorithm);
    await keystore.update((entries) => entries.putKey(label, privateKey));
  }
  const signer = { root: root.certificate, rootLabel: root.label, rootKey: keystore.key(root.label) };
  const options = { network, statusAddress, nowMs: clock.now() };
  const publicKey = createPublicKey(keystore.key(label));
  const certificate = parseCertificate(createIssuingCertificate(label, publicKey, signer, options));
  // Near the end of the root there is nothing to be won by another one.
  if (certificate.notAfter <= present.certificate.notAfter) return;
  await database.transaction(async (tx) => {
    await recordIssuer(tx, { kind: 'issuing', generation, certificate });
    const details = { issuing: certificate.fingerprint, label, replaces: present.label };
    await log.append(tx, { kind: 'issuing certificate replaced', by: 'authority', details });
  });
}

/**
 * The newest issuing certificate that has begun by the clock, so that one made while the clock was far ahead does not
 * keep the authority from working once it is right again; the newest of all when none has.
 */
export function presentIssuing(
  newestFirst: readonly [CaCertificate, ...CaCertificate[]],
  nowMs: number,
): CaCertificate {
  return newestFirst.find(({ certificate }) => certificate.notBefore.getTime() <= nowMs) ?? newestFirst[0];
}

function isPastHalf({ certificate: { notBefore, notAfter } }: CaCertificate, nowMs: number): boolean {
  return nowMs >= (notBefore.getTime() + notAfter.getTime()) / 2;
}
