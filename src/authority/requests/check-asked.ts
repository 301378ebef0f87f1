import type { CertificateRequest } from '../../pki/index.ts';
import type { AuthorityContext } from '../authority-context.ts';
import type { Authorisation } from '../issue/authorisation.ts';
import { checkPublicKey } from '../issue/key-rules.ts';
import { leafTemplate } from '../issue/leaf-contents.ts';
import { checkPermitted } from '../issuers/permitted-names.ts';
import type { Records } from '../records/records.ts';

/** Whether a certificate could be issued for this, as far as that can be known now. */
export async function checkAsked(
  records: Records,
  { issuer, present, clock }: AuthorityContext,
  { asked, request: { spki } }: { readonly asked: Authorisation; readonly request: CertificateRequest },
): Promise<void> {
  const { identity } = asked;
  const profile = present.policy.profiles[identity.role];
  await checkPublicKey(records, spki, { identity, profile });
  const template = leafTemplate(issuer, asked, { profile, spki, nowMs: clock.now() });
  checkPermitted(issuer.issuing.certificate, template);
}
