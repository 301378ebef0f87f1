import { createPublicKey } from 'node:crypto';
import type { Clock } from '../../base/index.ts';
import {
  type Certificate,
  generateKeyPair,
  keyAlgorithmOf,
  type NameConstraints,
  parseCertificate,
} from '../../pki/index.ts';
import type { Keystore } from '../../trust/index.ts';
import { kinds, type Recording } from '../log/index.ts';
import { issuerLabel, type Records } from '../records/index.ts';
import { createIssuingCertificate } from './ca-certificates.ts';
import { type CaCertificate, type Issuer, presentIssuing, readIssuer } from './issuer.ts';

/** What an issuing certificate is replaced with. */
export interface Replacing extends Recording {
  readonly keystore: Keystore;
  readonly clock: Clock;
  /** What signs now. */
  readonly issuer: Issuer;
  /** From now on `next` signs. */
  useIssuer(next: Issuer): void;
}

/**
 * Makes the next issuing certificate, with a new key, when half of the present one's life is over or it was revoked, and
 * the root's key is here to sign it, and the clock can be believed; the older ones stay on record, and what they issued
 * stays valid unless they were revoked. From then on the context issues with it, as it does with one made earlier whose
 * time has come.
 */
export async function replaceIssuingWhenDue(
  context: Replacing & { readonly clockGuard: { problem(): object | undefined } },
): Promise<void> {
  const { issuer, clock, clockGuard, keystore } = context;
  const { certificate, revoked } = issuer.issuing;
  // Near the end of the root there is nothing to be won by another one.
  const isOld =
    clock.now() >= replacementTime(certificate).getTime() &&
    certificate.notAfter < issuer.root.certificate.notAfter;
  const { nameConstraints } = certificate.extensions;
  const isDue = isOld || revoked !== undefined || boundsUris(nameConstraints);
  if (isDue && clockGuard.problem() === undefined && keystore.has(issuer.root.label))
    await replaceIssuing(context, nameConstraints && withoutUris(nameConstraints));
  if (presentIssuing(issuer.issuings, keystore, clock.now()).label !== issuer.issuing.label)
    await readAgain(context);
}

/**
 * Makes the next issuing certificate; the root's key has to be here. `record` adds to the log why, in the transaction that
 * puts the certificate on record. The key is in the keystore before: a crash in between leaves one that the next attempt
 * uses.
 */
export async function replaceIssuing(
  context: Replacing,
  nameConstraints: NameConstraints | undefined,
  record: (tx: Records, made: CaCertificate) => Promise<void> = async () => {},
): Promise<void> {
  const { records, issuer, keystore, log, clock } = context;
  const { root, issuing: present, issuings } = issuer;
  const generation = issuings.length + 1;
  const label = issuerLabel('issuing', generation);
  if (!keystore.has(label)) {
    const { privateKey } = await generateKeyPair(keyAlgorithmOf(present.certificate.spki));
    await keystore.update((entries) => entries.putKey(label, privateKey));
  }
  const signer = { root: root.certificate, rootLabel: root.label, rootKey: keystore.key(root.label) };
  const { network, statusAddress } = issuer;
  const options = { network, statusAddress, nowMs: clock.now(), nameConstraints };
  const publicKey = createPublicKey(keystore.key(label));
  const certificate = parseCertificate(createIssuingCertificate(label, publicKey, signer, options));
  await records.transaction(async (tx) => {
    const details = { issuing: certificate.fingerprint, label, replaces: present.label };
    await log.decide(tx, kinds.issuingReplaced, { by: 'authority', details, given: certificate });
    await record(tx, { label, certificate });
  });
  await readAgain(context);
}

/** Signs from now on with what the records name by now. */
export async function readAgain(context: Replacing): Promise<void> {
  const { records, keystore, issuer, clock } = context;
  const { network, statusAddress } = issuer;
  context.useIssuer(await readIssuer(records, keystore, { network, statusAddress, nowMs: clock.now() }));
}

/** Networks of before have such constraints, for which the commonest validators refuse whatever lies below. */
export function boundsUris(constraints: NameConstraints | undefined): boolean {
  return constraints?.permitted.some(({ kind }) => kind === 'uri') ?? false;
}

function withoutUris({ permitted, excluded }: NameConstraints): NameConstraints {
  return { permitted: permitted.filter(({ kind }) => kind !== 'uri'), excluded };
}

/** When an issuing certificate is to be replaced: at half of its life. */
export function replacementTime({ notBefore, notAfter }: Pick<Certificate, 'notBefore' | 'notAfter'>): Date {
  return new Date((notBefore.getTime() + notAfter.getTime()) / 2);
}
