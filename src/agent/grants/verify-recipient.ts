import { type Bytes, type Clock, HoldfastError, type Log } from '../../base/index.ts';
import type { ClientPolicy } from '../../policy/index.ts';
import { type TrustBundle, type ValidPath, verifyIdentity } from '../../trust/index.ts';
import { askedRevocation, whyUnknown } from '../asked-revocation.ts';

/** By what a certificate is judged that something is to be sealed to. */
interface RecipientRequest {
  /** DER: its own before those that may lead to the root. */
  readonly chain: readonly Bytes[];
  readonly bundle: TrustBundle;
  /** The client that it has to be of. */
  readonly to: string;
  readonly at: Date;
}

/**
 * The certificate of a client, whoever handed it out: its path leads to the root that this machine trusts, and it has that role and that
 * name. @throws HoldfastError as `verifyIdentity`, `certificate_wrong_name`
 */
export function verifyRecipient({ chain, bundle, to, at }: RecipientRequest): ValidPath {
  const { identity, path } = verifyIdentity({ chain, bundle, roles: ['client'], purpose: 'clientAuth', at });
  if (identity.name === to) return path;
  throw new HoldfastError(
    'certificate_wrong_name',
    `the certificate is of client ${identity.name}, expected ${to}`,
  );
}

/** How it is asked whether it is revoked. */
interface AskOptions {
  readonly mode: ClientPolicy['revocation'];
  readonly bundle: TrustBundle;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Asks whether it is revoked, as the policy of this machine says. @throws HoldfastError `certificate_revoked`, `revocation_unknown` */
export async function checkNotRevoked(path: ValidPath, { log, ...asking }: AskOptions): Promise<void> {
  for (const status of await askedRevocation(path, asking)) {
    if (status.kind === 'revoked') throw status.error;
    if (status.kind !== 'unknown') continue;
    const message = `whether the certificate to seal to is revoked is not known: ${whyUnknown(status)}`;
    if (asking.mode === 'hard') throw new HoldfastError('revocation_unknown', message);
    log.warn(message);
  }
}
