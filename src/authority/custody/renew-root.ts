import { type Bytes, equalBytes, HoldfastError } from '../../base/index.ts';
import {
  type Certificate,
  createCertificateRequest,
  equalNames,
  formatName,
  parseCertificate,
} from '../../pki/index.ts';
import { type AnsweredRoot, answeredRoot, checkRoot, recordOutside } from '../adopt/index.ts';
import { isSelfSigned, keyIdentifierOf, readAgain, rootKey, rootRequest } from '../issuers/index.ts';
import { kinds } from '../log/index.ts';
import type { CrlSigning } from '../revocation/index.ts';
import { checkClock, checkStanding } from '../standing/index.ts';
import { checkMachines } from './permit.ts';

/** A request for another certificate of the root, for who stands above it. */
export interface RootRequest {
  /** PKCS#10, DER. */
  readonly request: Bytes;
  readonly subject: string;
}

/** What an outside root answered with, in any order. */
export interface RenewRootOrder {
  /** DER. */
  readonly certificates: readonly Bytes[];
  readonly by: string;
}

/** The certificate that is in use from now on, and what stands above it. */
export interface RenewedRoot extends AnsweredRoot {
  /** It was in use already. */
  readonly isPresent: boolean;
  /** What is to be known of it, in sentences. */
  readonly notes: readonly string[];
}

/**
 * Asks an outside root for another certificate of this authority: the same key, the same subject.
 * @throws HoldfastError `usage` for a root that signed itself, `root_offline`
 */
export async function requestRoot(context: CrlSigning): Promise<RootRequest> {
  const { issuer } = context;
  const { certificate } = issuer.root;
  checkBelowOutside(certificate);
  const key = await rootKey(context, 'a request for another certificate of it');
  const request = createCertificateRequest(rootRequest(issuer.network, certificate.subject), key);
  return { request, subject: formatName(certificate.subject) };
}

/**
 * Puts another certificate for the key of the root in the place of the one in use, after everything was looked at that stands
 * against it: below it what issues now has to be valid as it is below the one in use. Nobody has to learn of it before it is
 * used, since key and name are the same: whoever trusts the one of before goes on believing all that there is, until that
 * one ends, and has the next one with the next renewal.
 *
 * @throws HoldfastError `root_unfit`, `name_not_permitted`, `usage`, `clock_wrong`, `authority_*`; nothing has changed then
 */
export async function renewRoot(
  context: CrlSigning,
  { certificates, by }: RenewRootOrder,
): Promise<RenewedRoot> {
  const { issuer, records, log } = context;
  checkStanding(context);
  checkClock(context);
  const { label, certificate: present } = issuer.root;
  checkBelowOutside(present);
  const answered = answeredRoot(
    certificates.map((der) => parseCertificate(der)),
    present.spki,
  );
  const { certificate, outside } = answered;
  const notes = checkFit(context, answered);
  if (certificate.extensions.nameConstraints !== undefined)
    await checkMachines(context, certificate.extensions.nameConstraints);
  const isPresent = certificate.fingerprint === present.fingerprint;
  const known = new Set((await records.outside.list()).map(({ fingerprint }) => fingerprint));
  await records.transaction(async (tx) => {
    for (const each of outside)
      if (!known.has(each.fingerprint)) await recordOutside(tx, log, { certificate: each, by });
    if (isPresent) return;
    const { fingerprint: root, subject } = certificate;
    const details = { label, root, replaces: present.fingerprint, subject: formatName(subject) };
    await log.decide(tx, kinds.rootRenewed, { by, details, given: certificate });
  });
  await readAgain(context);
  return { ...answered, isPresent, notes };
}

function checkFit({ issuer, clock }: CrlSigning, answered: AnsweredRoot): readonly string[] {
  const { network, statusAddress, issuing, issuingKey } = issuer;
  return checkRoot(answered, {
    network,
    statusAddress,
    names: [],
    nameConstraints: undefined,
    nowMs: clock.now(),
    aboveBy: '--root FILE',
    issuing: { certificate: issuing.certificate, key: issuingKey },
    also: [...differences(issuer, answered.certificate), ...revocations(issuer, answered)],
  }).notes;
}

/** What of a certificate has to be as it was, for what is signed with the same key to be valid below both. */
function differences({ root, issuings }: CrlSigning['issuer'], next: Certificate): string[] {
  const [found, expected] = [next, root.certificate].map(({ subject }) => formatName(subject));
  const outlasting = issuings.filter(
    ({ certificate, revoked }) => revoked === undefined && certificate.notAfter > next.notAfter,
  );
  return [
    ...(equalNames(next.subject, root.certificate.subject)
      ? []
      : [`its subject is ${found}, and what was signed below it names ${expected}: expected that`]),
    ...(equalBytes(keyIdentifierOf(next), keyIdentifierOf(root.certificate))
      ? []
      : [
          `its subject key identifier is ${hex(keyIdentifierOf(next))}: expected ${hex(keyIdentifierOf(root.certificate))}, which certificates below it name`,
        ]),
    ...outlasting.map(
      ({ label, certificate }) =>
        `it ends ${next.notAfter.toISOString()}, before ${label} does: expected ${certificate.notAfter.toISOString()} or later`,
    ),
  ];
}

/** One that was revoked, or stands below one that was, would issue nothing. */
function revocations(
  { outside = [] }: CrlSigning['issuer'],
  { certificate, outside: above }: AnsweredRoot,
): string[] {
  const path = [certificate, ...above].map(({ fingerprint }) => fingerprint);
  return outside.flatMap(({ certificate: each, revoked }) =>
    revoked !== undefined && revoked.reason !== 'certificateHold' && path.includes(each.fingerprint)
      ? [
          `${formatName(each.issuer)} has revoked number ${each.serial} of ${formatName(each.subject)} (${revoked.reason}): expected one that is not revoked`,
        ]
      : [],
  );
}

function checkBelowOutside(root: Certificate): void {
  if (!isSelfSigned(root)) return;
  throw new HoldfastError(
    'usage',
    `the root ${formatName(root.subject)} signed itself: nobody stands above it`,
    {
      hint: 'holdfast ca show says when it ends; an authority below an outside root is begun with holdfast ca create --subordinate --home DIR',
    },
  );
}

function hex(bytes: Bytes): string {
  return Buffer.from(bytes).toString('hex');
}
