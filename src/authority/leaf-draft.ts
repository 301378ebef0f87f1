import type { Bytes } from '../base/index.ts';
import { type CertificateTemplate, certificateToSign, type SerialNumber } from '../pki/index.ts';
import type { NetworkPolicy } from '../policy/index.ts';
import type { AuthorityContext } from './authority-context.ts';
import type { Issuer } from './issuer.ts';
import { type Authorisation, leafTemplate } from './leaf-contents.ts';

/** A certificate as it is to be signed. It leaves only by `issue`, which decides whether it may, and records it. */
export interface LeafDraft {
  readonly authorisation: Authorisation;
  readonly template: CertificateTemplate & { readonly serial: SerialNumber };
  /** TBSCertificate (RFC 5280 §4.1.2), DER. */
  readonly tbs: Bytes;
  /** What it was written by. */
  readonly issuer: Issuer;
  readonly policy: NetworkPolicy;
}

/** Writes what the certificate of a node will say. Errors: as those of `certificateToSign`. */
export function draftLeaf(
  { issuer, policy: { current: policy }, clock }: AuthorityContext,
  authorisation: Authorisation,
  spki: Bytes,
): LeafDraft {
  const profile = policy.profiles[authorisation.identity.role];
  const template = leafTemplate(issuer, authorisation, { profile, spki, nowMs: clock.now() });
  return { authorisation, template, tbs: certificateToSign(template, issuer.issuingKey), issuer, policy };
}

/** Whether a draft would be written alike now, but for its time. */
export function stands({ issuer, policy }: LeafDraft, context: AuthorityContext): boolean {
  return issuer === context.issuer && policy === context.policy.current;
}
