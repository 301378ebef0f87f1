import { minCrlIntervalMs, revocationProfiles } from '../../policy/index.ts';
import type { CaCertificate } from '../issuers/index.ts';
import type { CrlRow } from '../records/index.ts';
import { type CrlSigning, readCrlState, signCrl } from './sign-crl.ts';

type Profile = (typeof revocationProfiles)['root' | 'issuing'];

/**
 * Signs the list of every issuer whose key is here and whose list is due: there is none, it is to be refreshed long
 * before its end, or something was revoked since, and then at most once a minute.
 */
export async function signCrlsWhenDue(context: CrlSigning): Promise<void> {
  const { present, records, clock, clockGuard } = context;
  if (present.state.standing !== 'ready' || clockGuard.problem() !== undefined) return;
  const looks = await Promise.all(
    signingIssuers(context).map(async ({ issuer, profile }) => {
      const { crl, revocations } = await readCrlState(records.committed, issuer.label);
      return isDue(crl, { revocations, profile, nowMs: clock.now() }) ? [{ issuer, profile }] : [];
    }),
  );
  // One that cannot be signed keeps no other from it.
  const signed = await Promise.allSettled(
    looks.flat().map(({ issuer, profile }) => signCrl(context, issuer, profile)),
  );
  for (const result of signed) if (result.status === 'rejected') throw result.reason;
}

/** The issuers whose lists can be signed here and are still asked for by anybody. */
export function signingIssuers({ issuer: { root, issuings }, keystore, clock }: CrlSigning): {
  readonly issuer: CaCertificate;
  readonly profile: Profile;
}[] {
  const all = [
    { issuer: root, profile: revocationProfiles.root },
    ...issuings.map((issuer) => ({ issuer, profile: revocationProfiles.issuing })),
  ];
  return all.filter(
    ({ issuer: { label, certificate } }) =>
      keystore.has(label) && clock.now() <= certificate.notAfter.getTime(),
  );
}

function isDue(
  crl: CrlRow | undefined,
  { revocations, profile, nowMs }: { revocations: number; profile: Profile; nowMs: number },
): boolean {
  if (crl === undefined) return true;
  const age = nowMs - crl.this_update;
  // One dated ahead was signed by a clock that was wrong, and is replaced like an old one.
  if (age < 0 || age >= profile.refreshMs) return true;
  return revocations > crl.revocations && age >= minCrlIntervalMs;
}
