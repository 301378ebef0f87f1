import { type Bytes, type Clock, HoldfastError } from '../../base/index.ts';
import { type CertificateTemplate, certificateToSign, type SerialNumber } from '../../pki/index.ts';
import type { NetworkPolicy } from '../../policy/index.ts';
import type { Issuer } from '../issuers/index.ts';
import { type ClockGuard, checkClock, type Present } from '../standing/index.ts';
import type { Authorisation } from './authorisation.ts';
import { leafTemplate } from './leaf-contents.ts';

/** What a certificate is written with. */
export interface Drafting {
  readonly issuer: Issuer;
  readonly clock: Clock;
  readonly clockGuard: ClockGuard;
  readonly present: Present;
}

/** A certificate as it is to be signed. It leaves only by `issue`, which decides whether it may, and records it. */
export interface LeafDraft {
  readonly authorisation: Authorisation;
  readonly template: CertificateTemplate & { readonly serial: SerialNumber };
  /** TBSCertificate (RFC 5280 §4.1.2), DER. */
  readonly tbs: Bytes;
  /** What it was written by. */
  readonly issuer: Issuer;
  readonly policy: NetworkPolicy;
  /** Whether its host names may have underscores, as its profile says. */
  readonly underscores: boolean;
}

/**
 * Writes what the certificate of a node will say, from now on.
 * @throws HoldfastError `clock_wrong`, `issuer_revoked` when the issuing certificate was revoked and there is no other,
 *   `certificate_expired`, `certificate_not_yet_valid` when that has ended or not begun; those of `certificateToSign`
 */
export function draftLeaf(context: Drafting, authorisation: Authorisation, spki: Bytes): LeafDraft {
  const { issuer, clock } = context;
  const { policy } = context.present;
  const nowMs = clock.now();
  checkClock(context);
  checkIssuing(context, nowMs);
  const profile = policy.profiles[authorisation.identity.role];
  const template = leafTemplate(issuer, authorisation, { profile, spki, nowMs });
  const tbs = certificateToSign(template, issuer.issuingKey);
  return { authorisation, template, tbs, issuer, policy, underscores: profile.underscores === 'on' };
}

/** Whether a draft would be written alike now, but for its time. */
export function stands({ issuer, policy }: LeafDraft, context: Drafting): boolean {
  return issuer === context.issuer && policy === context.present.policy;
}

function checkIssuing({ issuer }: Drafting, nowMs: number): void {
  const { label, revoked, certificate } = issuer.issuing;
  const { notAfter, notBefore } = certificate;
  if (revoked !== undefined) {
    throw new HoldfastError(
      'issuer_revoked',
      `the issuing certificate ${label} is revoked, and the key of no other one is here`,
      { hint: 'the root signs another one as soon as its own key is here: holdfast ca online FILE' },
    );
  }
  if (nowMs < notBefore.getTime()) {
    throw new HoldfastError(
      'certificate_not_yet_valid',
      `the issuing certificate begins ${notBefore.toISOString()}, this machine's clock says ${new Date(nowMs).toISOString()}`,
      { hint: 'set the clock of this machine' },
    );
  }
  if (nowMs < notAfter.getTime()) return;
  throw new HoldfastError('certificate_expired', `the issuing certificate ended ${notAfter.toISOString()}`);
}
