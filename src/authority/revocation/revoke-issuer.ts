import { HoldfastError } from '../../base/index.ts';
import type { RevocationReason, SerialNumber } from '../../pki/index.ts';
import {
  type CaCertificate,
  type IssuerRevocation,
  readAgain,
  replaceIssuing,
  rootKey,
} from '../issuers/index.ts';
import { kinds } from '../log/index.ts';
import { renewOcspSignersWhenDue } from '../ocsp/index.ts';
import { issuerLabel, type Records } from '../records/index.ts';
import { checkClock } from '../standing/index.ts';
import type { RevocationOrder } from './revoke-certificates.ts';
import { type CrlSigning, signCrl, signingIssuers } from './sign-crl.ts';

/** An issuing certificate that was revoked, on record. */
export interface RevokedIssuer {
  readonly label: string;
  readonly serial: SerialNumber;
  /** What issues now. */
  readonly replacedBy: string;
  readonly reason: RevocationReason;
  readonly at: Date;
}

/**
 * Revokes an issuing certificate, and with it what it issued, for ever. The one in use is replaced first, by one with a
 * new key, on record in the same commit; then the root's list says it, and that of the certificate itself has all that
 * it issued. A list that cannot be signed now is due, and signed by the next upkeep.
 *
 * @throws HoldfastError `root_offline`, `object_not_found`, `already_revoked`, `clock_wrong`; nothing has changed then
 */
export async function revokeIssuer(
  context: CrlSigning,
  label: string,
  order: RevocationOrder,
): Promise<RevokedIssuer> {
  const { issuer, clock, records } = context;
  checkClock(context);
  const target = findIssuing(context, label);
  await rootKey(context, `revoking ${label}`);
  const revocation = { at: new Date(clock.now()), reason: order.reason };
  const record = (tx: Records): Promise<void> => recordRevoked(tx, context, { target, revocation, ...order });
  if (issuer.issuing.label === label) await replace(context, record);
  else {
    await records.transaction(record);
    await readAgain(context);
  }
  await publish(context, label);
  const { serial } = target.certificate;
  return { label, serial, replacedBy: context.issuer.issuing.label, ...revocation };
}

function findIssuing({ issuer }: CrlSigning, label: string): CaCertificate {
  const target = issuer.issuings.find((each) => each.label === label);
  if (target === undefined)
    throw new HoldfastError('object_not_found', `there is no issuing certificate ${label}`, {
      hint: 'holdfast ca show names them all',
    });
  if (target.revoked === undefined) return target;
  const { at, reason } = target.revoked;
  throw new HoldfastError('already_revoked', `${label} was revoked ${at.toISOString()} (${reason})`, {
    hint: 'holdfast ca show says what is in use now',
  });
}

/** A key that was made ahead lay beside the one that is not to be believed any more. */
async function replace(context: CrlSigning, record: (tx: Records) => Promise<void>): Promise<void> {
  const { issuer, keystore } = context;
  const next = issuerLabel('issuing', issuer.issuings.length + 1);
  if (keystore.has(next)) await keystore.update((entries) => entries.remove(next));
  await replaceIssuing(context, issuer.issuing.certificate.extensions.nameConstraints, record);
}

interface RevocationToRecord {
  readonly target: CaCertificate;
  readonly revocation: IssuerRevocation;
  readonly by: string;
}

async function recordRevoked(
  tx: Records,
  { log }: CrlSigning,
  { target: { label, certificate }, revocation, by }: RevocationToRecord,
): Promise<void> {
  const { reason } = revocation;
  const { fingerprint, serial } = certificate;
  const details = { label, serial, issuing: fingerprint, reason };
  await log.decide(tx, kinds.issuingRevoked, { by, details });
}

async function publish(context: CrlSigning, label: string): Promise<void> {
  const { root } = context.issuer;
  const concerned = [root.label, label, context.issuer.issuing.label];
  for (const { issuer, profile } of signingIssuers(context))
    if (concerned.includes(issuer.label)) await signCrl(context, issuer, profile);
  await renewOcspSignersWhenDue(context);
}

/**
 * How many identities have no certificate left that is let in everywhere, and one of a revoked issuer that is good for
 * its renewal.
 */
export async function countToRenew({ records, clock, issuer }: CrlSigning): Promise<number> {
  if (issuer.issuings.every(({ revoked }) => revoked === undefined)) return 0;
  return await records.identities.countToRenew(clock.now());
}
