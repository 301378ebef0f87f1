import { type Bytes, dayMs, HoldfastError } from '../../base/index.ts';
import {
  type Certificate,
  checkLint,
  completeCertificate,
  endsWithIssuer,
  fingerprint,
  type Identity,
  parseCertificate,
  signLinted,
} from '../../pki/index.ts';
import { checkPermitted } from '../issuers/index.ts';
import { type DetailsOf, kinds, type Recording } from '../log/index.ts';
import { type CertificateRow, identityLabel, type Records, reissueCommand } from '../records/index.ts';
import { checkClock, checkStanding } from '../standing/index.ts';
import type { Authorisation } from './authorisation.ts';
import { isLive } from './is-live.ts';
import { checkPublicKey } from './key-rules.ts';
import { type Drafting, draftLeaf, type LeafDraft, stands } from './leaf-draft.ts';

/** What a certificate is issued with. */
export interface Issuing extends Drafting, Recording {}

/** One certificate to be issued. */
export interface IssueOrder {
  readonly authorisation: Authorisation;
  readonly spki: Bytes;
  readonly kind: 'issued' | 'renewed';
  /** Who asked, for the log. */
  readonly by: string;
  /** What else the log is to know. */
  readonly details?: Partial<DetailsOf<typeof kinds.issued>>;
  /** The row of what its join code gave to the key before. */
  readonly before?: number;
  /** What was written and signed before, for the same authorisation and key. */
  readonly prepared?: { readonly draft: LeafDraft; readonly signature: Bytes | undefined };
}

/** A certificate that is on record. */
export interface Issued {
  /** Its row. */
  readonly id: number;
  readonly certificate: Certificate;
  /** As it is sent: the leaf, then the issuing certificate, then a root that another authority signed. */
  readonly chain: readonly Bytes[];
}

/**
 * Signs a certificate and records it, its identity and a line of the log. It leaves only when the transaction `tx` has
 * been committed: a certificate that the records do not know must never be seen.
 *
 * @throws HoldfastError those of {@link checkStanding}, `request_not_allowed`, `key_unsupported`, `clock_wrong`, `name_not_permitted`, `issuer_ending` when
 *   the issuing one has less than a day left, `issuer_revoked` when it was revoked and there is no other, `certificate_expired` when it has ended, `lint_failed`, `certificate_revoked` for an identity that was revoked
 */
export async function issue(tx: Records, context: Issuing, order: IssueOrder): Promise<Issued> {
  const { issuer, log } = context;
  const { authorisation, spki, kind, by, details, before } = order;
  checkStanding(context);
  checkClock(context);
  const { draft, signature } = preparedFor(context, order);
  const { template, tbs } = draft;
  const { clipped } = await checkDraft(tx, context, draft);
  const { issuingKey } = issuer;
  const der = completeCertificate(tbs, issuingKey, signature ?? signLinted(tbs, issuingKey, draft));
  const { serial, notBefore, notAfter } = template;
  const { identity, names } = authorisation;
  const certificate = { serial, spki, notBefore, notAfter, der, fingerprint: fingerprint(der), names };
  const { id, endedMs } = await log.decide(tx, kinds[kind], {
    by,
    details: {
      identity: identityLabel(identity),
      serial,
      fingerprint: certificate.fingerprint,
      notAfter: notAfter.toISOString(),
      ...(clipped && { clipped }),
      ...details,
    },
    given: { ...certificate, issuer: issuer.issuing.label, use: { before } },
  });
  if (endedMs !== null) throw identityRevoked(identity, endedMs);
  return issuedFrom(context, id, der);
}

/**
 * Refuses what {@link issue} would refuse now, by the same rules: what would be signed is written, and held against them.
 * Errors as there.
 */
export async function checkIssuable(
  records: Records,
  context: Issuing,
  { authorisation, spki }: Pick<IssueOrder, 'authorisation' | 'spki'>,
): Promise<void> {
  checkStanding(context);
  const draft = draftLeaf(context, authorisation, spki);
  await checkDraft(records, context, draft);
  checkLint(draft.tbs, draft);
}

/** Whether what is written may be signed, its form apart; and whether it ends when its issuer does. */
async function checkDraft(
  records: Records,
  context: Issuing,
  { template, authorisation }: LeafDraft,
): Promise<{ readonly clipped: boolean }> {
  const { issuer, clock, present } = context;
  const { identity } = authorisation;
  const profile = present.policy.profiles[identity.role];
  await checkPublicKey(records, template.spki, { identity, profile });
  const clipped = endsWithIssuer(template, issuer.issuing.certificate);
  if (clipped) checkRemaining(context, clock.now());
  checkPermitted(issuer, template);
  return { clipped };
}

/** What was prepared, where nothing has changed since; else a draft as of now. */
function preparedFor(
  context: Issuing,
  { authorisation, spki, prepared }: IssueOrder,
): { draft: LeafDraft; signature?: Bytes | undefined } {
  if (prepared !== undefined && stands(prepared.draft, context)) return prepared;
  return { draft: draftLeaf(context, authorisation, spki) };
}

/**
 * The answer with a certificate on record that can still be used, or undefined. One of an older issuing certificate is
 * not given again: what is answered with it, the checkpoint too, is signed by the present one.
 */
export function issuedBefore(
  { issuer, clock }: Issuing,
  row: CertificateRow | undefined,
): Issued | undefined {
  if (row === undefined || row.issuer !== issuer.issuing.label || !isLive(row, clock.now())) return undefined;
  return issuedFrom({ issuer }, row.id, row.certificate);
}

/** Read only when somebody looks at it: who asked for it gets the bytes. */
function issuedFrom({ issuer }: Pick<Issuing, 'issuer'>, id: number, der: Bytes): Issued {
  let read: Certificate | undefined;
  return {
    id,
    get certificate() {
      read ??= parseCertificate(der);
      return read;
    },
    chain: [der, ...issuer.above],
  };
}

/** A certificate that ends at once helps nobody, and would be renewed without end. */
function checkRemaining({ issuer }: Issuing, nowMs: number): void {
  const { label, certificate } = issuer.issuing;
  if (certificate.notAfter.getTime() - nowMs >= dayMs) return;
  throw new HoldfastError(
    'issuer_ending',
    `the issuing certificate ${label} ends ${certificate.notAfter.toISOString()}, in less than a day`,
  );
}

/** The refusal of whoever was ended and came without a reissue. */
export function identityRevoked(identity: Pick<Identity, 'role' | 'name'>, revokedAt: number): HoldfastError {
  const when = new Date(revokedAt).toISOString();
  return new HoldfastError('certificate_revoked', `${identityLabel(identity)} was revoked ${when}`, {
    hint: `for the same machine come back: ${reissueCommand(identity)}`,
  });
}
