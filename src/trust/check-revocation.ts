import { type HoldfastError, isHoldfastError } from '../base/index.ts';
import {
  type AnyCrl,
  type Certificate,
  type FoundReason,
  type OcspResponse,
  type OcspSingleResponse,
  verifyOcspResponse,
} from '../pki/index.ts';
import { CrlJudge, type CrlMaterial, type CrlRules, revoked } from './check-crls.ts';
import { type PathLimits, revocationLimits } from './path-limits.ts';

/** What there is to judge revocation by: nothing of it is believed before it is verified. */
export interface RevocationEvidence extends CrlMaterial {
  readonly answers: readonly OcspResponse[];
}

/** What evidence is judged by. */
export interface RevocationRules extends CrlRules {
  /** What was revoked after this does not count; everything does unless said. */
  readonly revokedBy?: Date;
  /** What it may cost; enough for every path in use unless said. */
  readonly limits?: PathLimits;
}

/** Whether one certificate is revoked, and by which lists or answer that is known. */
export type RevocationStatus =
  | { readonly kind: 'good'; readonly by: readonly (AnyCrl | OcspSingleResponse)[] }
  | RevokedStatus
  | { readonly kind: 'unknown'; readonly problems: readonly HoldfastError[] };

/** That a certificate is revoked. */
interface RevokedStatus {
  readonly kind: 'revoked';
  readonly error: HoldfastError;
  readonly revokedAt: Date;
  readonly reason: FoundReason;
  /** Of when the list or the answer is that says so. */
  readonly thisUpdate: Date;
}

/**
 * Whether a certificate of a valid path (the leaf first, the anchor last) is revoked, by all that there is: lists
 * (RFC 5280 §6.3) and answers (RFC 6960). The most severe counts, whoever says it; an issuer that does not know its own
 * certificate says nothing good of it.
 */
export function revocationStatus(
  certificate: Certificate,
  path: readonly Certificate[],
  evidence: RevocationEvidence,
  rules: RevocationRules,
): RevocationStatus {
  const { limits = revocationLimits(), revokedBy } = rules;
  const answer = byAnswers(certificate, path, evidence, rules);
  if (answer?.status.kind === 'revoked' && counts(answer.status.revokedAt, revokedBy)) {
    return revokedStatus(certificate, answer.status, answer);
  }
  const lists = new CrlJudge(path, evidence, rules, limits).statusOf(certificate);
  if (lists.kind === 'revoked' && counts(lists.line.revokedAt, revokedBy))
    return revokedStatus(certificate, lists.line, lists.list);
  if (answer?.status.kind === 'unknown') return { kind: 'unknown', problems: [] };
  if (answer !== undefined) return { kind: 'good', by: [answer] };
  if (lists.kind === 'unknown') return lists;
  return { kind: 'good', by: lists.kind === 'good' ? lists.lists : [] };
}

function revokedStatus(
  certificate: Certificate,
  { revokedAt, reason }: Pick<RevokedStatus, 'revokedAt' | 'reason'>,
  { thisUpdate }: Pick<RevokedStatus, 'thisUpdate'>,
): RevokedStatus {
  const error = revoked(certificate, revokedAt, reason);
  return { kind: 'revoked', error, revokedAt, reason, thisUpdate };
}

function counts(since: Date, revokedBy: Date | undefined): boolean {
  return revokedBy === undefined || since <= revokedBy;
}

function byAnswers(
  certificate: Certificate,
  path: readonly Certificate[],
  { answers }: RevocationEvidence,
  { at }: RevocationRules,
) {
  const issuer = path[path.indexOf(certificate) + 1];
  if (issuer === undefined) return undefined;
  const said = answers.slice(0, maxAnswers).flatMap((response) => {
    try {
      return verifyOcspResponse(response, { issuer, serial: certificate.serial, at }) ?? [];
    } catch (error) {
      // An algorithm or a key that is not taken has signed nothing.
      if (isHoldfastError(error)) return [];
      throw error;
    }
  });
  return (
    said.find(({ status }) => status.kind === 'revoked') ??
    said.find(({ status }) => status.kind === 'unknown') ??
    said[0]
  );
}

/** Each may cost a signature for each of the certificates that come with it. */
const maxAnswers = 32;
