import type { Clock } from '../base/index.ts';
import type { ClientPolicy } from '../policy/index.ts';
import { evidenceFetcher, evidenceOf } from '../transport/index.ts';
import { askRevocation, type RevocationStatus, type TrustBundle, type ValidPath } from '../trust/index.ts';

/** By what it is asked, and for how long at most. */
interface AskingOptions {
  /** Of the policy of this machine. */
  readonly mode: ClientPolicy['revocation'];
  readonly bundle: TrustBundle;
  readonly clock: Pick<Clock, 'now'>;
  readonly signal: AbortSignal;
}

/** For all addresses together. */
const askingMs = 10_000;

/**
 * Whether the certificates of a path are revoked, asked where they say: OCSP before lists, which know it later. Nothing where the policy
 * does not ask; its issuers are on the lists of the roots, which the path was held against, and are asked for by `hard` alone.
 */
export async function askedRevocation(
  path: ValidPath,
  { mode, bundle: { rootLists = [] }, clock, signal }: AskingOptions,
): Promise<readonly RevocationStatus[]> {
  if (mode === 'off') return [];
  const asked = mode === 'soft' ? path.slice(0, 2) : path;
  const known = evidenceOf({ path, staple: undefined, rootLists });
  const fetch = evidenceFetcher(AbortSignal.any([signal, AbortSignal.timeout(askingMs)]));
  const rules = { now: () => new Date(clock.now()), ocspFirst: true };
  return await askRevocation(asked, known, rules, fetch).catch((error: unknown) => {
    signal.throwIfAborted();
    if (error instanceof Error && error.name === 'TimeoutError')
      return [{ kind: 'unknown', problems: [] }] as const;
    throw error;
  });
}

/** Why it is not known, in a sentence. */
export function whyUnknown({ problems }: Extract<RevocationStatus, { readonly kind: 'unknown' }>): string {
  return problems.map(({ message }) => message).join('; ') || 'no answer in time';
}
