import { isHoldfastError } from '../../base/index.ts';
import { askForAnswer, greetNode } from './ask-link.ts';
import { type Dialing, dialerFor } from './dial-site.ts';
import { LinkCheck } from './link-messages.ts';
import type { Links, Partner } from './links.ts';

/** What became of the partners of a site that has new keys. */
export interface Regenerated {
  readonly links: Links;
  /** Who has taken them over the link. */
  readonly told: readonly string[];
  /** To whom they have to be brought by hand, and why. */
  readonly byHand: readonly { readonly site: string; readonly why: string }[];
}

/**
 * Makes the keys of this site anew. Partners are told first, each over the link that is still valid, by a bundle with the next
 * number that the old root and the new one have signed; then the old keys are gone. Ended in the middle, the next run goes on
 * with the same new keys.
 */
export async function regenerateSite(links: Links, dialing: Dialing): Promise<Regenerated> {
  const begun = await links.beginAnew(dialing.clock.now());
  const next = begun.nextBundle();
  const results = await Promise.all(
    begun.partners.map(async (partner) => ({ partner, why: await tell(begun, partner, next, dialing) })),
  );
  dialing.signal?.throwIfAborted();
  const told = results.flatMap(({ partner, why }) => (why === undefined ? [partner.name] : []));
  return {
    links: await begun.endAnew(told),
    told,
    byHand: results.flatMap(({ partner, why }) => (why === undefined ? [] : [{ site: partner.name, why }])),
  };
}

/** Why a partner could not be told; undefined for one that was. */
async function tell(
  links: Links,
  partner: Partner,
  bundle: string,
  dialing: Dialing,
): Promise<string | undefined> {
  using dialer = dialerFor(links, partner, dialing);
  let first: string | undefined;
  for (const address of partner.bundle.addresses) {
    const line = { address, agent: dialer.agent(), signal: dialing.signal };
    try {
      await greetNode(line);
      const message = { bundle, holds: partner.bundle.sequence };
      await askForAnswer(line, { path: 'check', message, answer: LinkCheck });
      return undefined;
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
      first ??= error.message;
    }
  }
  return first ?? 'it has no address';
}
