import type { Bytes } from '../../base/index.ts';
import type { CertificateRequest } from '../../pki/index.ts';
import {
  draftLeaf,
  type Issued,
  type IssueOrder,
  type Issuing,
  issue,
  issuedBefore,
  stands,
} from '../issue/index.ts';
import type { CertificateRow, Records } from '../records/index.ts';
import { type CertificateSigner, readRequest } from '../signing/index.ts';
import { type Judgement, type Rules, refuseWidening } from './judge-request.ts';

/** What a certificate is issued with to somebody who asks from elsewhere. */
export interface Enrolling extends Issuing {
  /** Checks the signatures of requests, and makes those of certificates. */
  readonly certificateSigner: CertificateSigner;
}

/** A request, and what it comes to. */
export interface Judged {
  readonly request: CertificateRequest;
  readonly judgement: Judgement;
}

/**
 * Why a certificate may be issued: a join code, a certificate of before, a person. Each is a file of its own, which says what
 * a request comes to, whether it may be used for that now, and what is on record of the use; all else is {@link certify}'s.
 */
export interface Authoriser {
  /** Whether a person sees what is left out; else what would widen a certificate is refused by name. */
  readonly isPerson: boolean;
  /** What a request comes to by the policy of now. Asked again where that has changed meanwhile. */
  judge(request: CertificateRequest): Judgement;
  /**
   * The certificate that it gave before for the same request, perhaps one that cannot be used any more; else undefined. What
   * it finds in its own record may forbid any answer.
   */
  gave(tx: Records, judged: Judged): Promise<CertificateRow | undefined>;
  /** Whether it may be used for this; what is to be on record of that. `before` is what {@link gave} gave. */
  use(tx: Records, judged: Judged, before: CertificateRow | undefined): Promise<Use>;
}

/** What is on record of the use of an authoriser, with the certificate. */
export type Use = Pick<IssueOrder, 'kind' | 'by' | 'details' | 'before'>;

/**
 * Issues for a request what its authoriser lets it have. Whoever comes again with the same key, by the same right, has the same
 * certificate, while it can be used; the use is on record in the transaction that issues.
 *
 * @param der PKCS#10
 * @throws HoldfastError `request_malformed`, `request_signature_invalid`, `request_not_allowed`, and those of the authoriser
 *   and of `issue`
 */
export async function certify(context: Enrolling, authoriser: Authoriser, der: Bytes): Promise<Issued> {
  const request = readRequest(der);
  const judgement = judge(authoriser, request);
  const draft = draftLeaf(context, judgement, request.spki);
  const signature = await prove(context, { request, judgement }, draft);
  return await context.records.transaction(async (tx) => {
    const stillJudged = stands(draft, context) ? judgement : judge(authoriser, request);
    return await certifyIn(tx, context, authoriser, {
      judged: { request, judgement: stillJudged },
      prepared: { draft, signature },
    });
  });
}

/** What {@link certify} does in its transaction, for a request that has proved its key. Errors as there. */
export async function certifyIn(
  tx: Records,
  context: Enrolling,
  authoriser: Authoriser,
  { judged, prepared }: { readonly judged: Judged; readonly prepared?: IssueOrder['prepared'] },
): Promise<Issued> {
  const before = await authoriser.gave(tx, judged);
  // The answer that was given before, and perhaps was lost on its way.
  const again = issuedBefore(context, before);
  if (again !== undefined) return again;
  const used = await authoriser.use(tx, judged, before);
  const { request, judgement } = judged;
  return await issue(tx, context, { authorisation: judgement, spki: request.spki, prepared, ...used });
}

/** What a request comes to by its authoriser. @throws HoldfastError what that refuses */
export function judge(authoriser: Authoriser, request: CertificateRequest): Judgement {
  const judgement = authoriser.judge(request);
  if (!authoriser.isPerson) refuseWidening(judgement);
  return judgement;
}

/** Checks that a request proves its key, as the profile of its role wants it; gives the signature of a draft when it is made. */
export function prove(
  { present, certificateSigner }: Enrolling,
  { request, judgement }: Judged,
  draft?: Parameters<CertificateSigner['check']>[1],
): Promise<Bytes | undefined> {
  const { role } = judgement.identity;
  const { sha1Proof } = present.policy.profiles[role];
  return certificateSigner.check(request, draft, { sha1Proof, key: `profiles.${role}.sha1Proof` });
}

/** What requests are judged by now. */
export function rulesOf({ present, issuer }: Enrolling): Rules {
  return { policy: present.policy, network: issuer.network };
}
