import { type Bytes, dayMs, HoldfastError, isHoldfastError } from '../../base/index.ts';
import {
  type Certificate,
  checkLint,
  completeCertificate,
  endsWithIssuer,
  fingerprint,
  type Identity,
  parseCertificate,
  publicKeyOf,
  signLinted,
  verifyCertificateSignature,
} from '../../pki/index.ts';
import { type CaCertificate, checkPermitted } from '../issuers/index.ts';
import { type DetailsOf, kinds, type Recording } from '../log/index.ts';
import { type CertificateRow, identityLabel, type Records, reissueCommand } from '../records/index.ts';
import { checkClock, checkStanding } from '../standing/index.ts';
import { type Authorisation, checkPublicKey } from './authorisation.ts';
import { isLive } from './issued-certificates.ts';
import { type Drafting, draftLeaf, type LeafDraft, stands } from './leaf-contents.ts';

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
 *   the issuing one has less than a day left, `issuer_revoked` when it was revoked and there is no other, `root_revoked`, `root_unproven`, `certificate_expired` when it has ended, `lint_failed`, `certificate_revoked` for an identity that was revoked
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
function identityRevoked(identity: Pick<Identity, 'role' | 'name'>, revokedAt: number): HoldfastError {
  const when = new Date(revokedAt).toISOString();
  return new HoldfastError('certificate_revoked', `${identityLabel(identity)} was revoked ${when}`, {
    hint: `for the same machine come back: ${reissueCommand(identity)}`,
  });
}

/**
 * Certificates of an authority that was restored from its keys alone, where it was chosen to trust what it issued before:
 * each is put on record, and in the log, when it is first seen. Which of them were revoked by then nobody knows.
 */
export class IssuedBefore {
  readonly #context: Issuing;
  readonly #seen = new Map<string, Promise<void>>();

  constructor(context: Issuing) {
    this.#context = context;
  }

  /** Whether a certificate (DER) that is not on record is taken; whoever asks has verified its chain. */
  async takes(der: Bytes): Promise<boolean> {
    const { trusts_before: trustsBefore } = this.#context.present.state;
    if (trustsBefore === null) return false;
    const certificate = parseCertificate(der);
    const { identity, notBefore, serial } = certificate;
    if (identity === undefined || notBefore.getTime() >= trustsBefore) return false;
    if (await this.#isRevoked(identity)) return false;
    if (!(await this.#isFromGoodIssuer(certificate))) return false;
    if (!this.#seen.has(serial)) this.#seen.set(serial, this.#adopt(certificate));
    return true;
  }

  /** Waits until what was taken is on record. */
  async settled(): Promise<void> {
    await Promise.all(this.#seen.values());
  }

  async #isRevoked(identity: Identity): Promise<boolean> {
    const row = await this.#context.records.committed.identities.find(identity);
    return row !== undefined && row.revoked_at !== null;
  }

  /** A number that is on record is of another certificate; and of an issuer that is revoked nothing can be told from a forgery. */
  async #isFromGoodIssuer(certificate: Certificate): Promise<boolean> {
    const { records, issuer } = this.#context;
    if ((await records.committed.certificates.find(certificate.serial)) !== undefined) return false;
    const revoked = issuer.issuings.filter((one) => one.revoked !== undefined);
    return !revoked.some((one) => hasSigned(one, certificate));
  }

  async #adopt(certificate: Certificate): Promise<void> {
    try {
      await this.#context.records.transaction((tx) => putOnRecord(tx, this.#context, certificate));
    } catch (error) {
      // What cannot be recorded, on a full disk say, is tried again when the certificate comes again.
      if (!isHoldfastError(error)) throw error;
    } finally {
      this.#seen.delete(certificate.serial);
    }
  }
}

async function putOnRecord(tx: Records, { issuer, log }: Issuing, certificate: Certificate): Promise<void> {
  const { identity, serial, fingerprint, notAfter, extensions } = certificate;
  const signer = issuer.issuings.find((one) => hasSigned(one, certificate));
  if (identity === undefined || signer === undefined) return;
  if ((await tx.certificates.find(serial)) !== undefined) return;
  const label = identityLabel(identity);
  const details = {
    identity: label,
    serial,
    fingerprint,
    notAfter: notAfter.toISOString(),
    issuedBefore: true,
  };
  const given = { ...certificate, names: extensions.subjectAltNames, issuer: signer.label, use: undefined };
  const { endedMs } = await log.decide(tx, kinds.issued, { by: label, details, given });
  if (endedMs !== null) throw identityRevoked(identity, endedMs);
}

function hasSigned({ certificate: signer }: CaCertificate, certificate: Certificate): boolean {
  return verifyCertificateSignature(certificate, publicKeyOf(signer));
}
