import { asBuffer } from '../../base/index.ts';
import { type GrantToSeal, leaveSealedGrant } from '../../enrol/index.ts';
import { type Certificate, sealToCertificate } from '../../pki/index.ts';
import type { Repository } from '../../repository/index.ts';
import type { Connection } from '../connection.ts';
import { type GrantNames, grantContent } from './grant-content.ts';
import { checkNotRevoked, verifyRecipient } from './verify-recipient.ts';

/** What opens a repository, sealed to a certificate for one grant; base64. @throws HoldfastError `key_unsupported` */
export function sealedGrant(names: GrantNames, repository: Repository, recipient: Certificate): string {
  return asBuffer(sealToCertificate(grantContent(names, repository).reveal(), recipient)).toString('base64');
}

/**
 * The certificate that a grant is to be sealed to, judged by what this machine trusts.
 * @throws HoldfastError as `verifyRecipient` and `checkNotRevoked`
 */
export async function recipientOf(
  { node }: Connection,
  { chain, to }: Pick<GrantToSeal, 'chain' | 'to'>,
  asking: Pick<Parameters<typeof checkNotRevoked>[1], 'clock' | 'log' | 'signal'>,
): Promise<Certificate> {
  const bundle = node.bundle.current;
  const ders = chain.map((text) => Uint8Array.from(Buffer.from(text, 'base64')));
  const path = verifyRecipient({ chain: ders, bundle, to, at: new Date(asking.clock.now()) });
  await checkNotRevoked(path, { ...asking, bundle, mode: node.clientPolicy.revocation });
  return path[0];
}

/** Seals a grant of this machine's own, and leaves that with the server. */
export async function sealOwnGrant(
  { node, dialer, server, line }: Connection,
  grant: GrantToSeal,
  {
    repository,
    recipient,
    signal,
  }: { readonly repository: Repository; readonly recipient: Certificate; readonly signal: AbortSignal },
): Promise<void> {
  const { id, created } = grant;
  const { network } = node.identity;
  const sealed = sealedGrant({ ...grant, network }, repository, recipient);
  await leaveSealedGrant(
    { dialer, server, line, signal },
    { id, created, certificate: recipient.serial, sealed },
  );
}
