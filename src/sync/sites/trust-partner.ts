import { HoldfastError } from '../../base/index.ts';
import { isNodeName } from '../../pki/index.ts';
import type { LinkState } from './links.ts';
import { follows, parseBundle, type SiteBundle } from './site-bundle.ts';

/** That a site is to be trusted from now on. */
export interface TrustOrder {
  readonly bundle: SiteBundle;
  /** What it is called here; its own name unless said. */
  readonly name?: string | undefined;
  readonly by: 'pairing' | 'files';
  readonly nowMs: number;
}

/** What became of it: a site that was not trusted before, a higher number of one that was, or nothing new. */
export type Trusted = 'added' | 'newer' | 'same';

/**
 * Trusts a site whose bundle came from a person or by a pairing. One that is trusted already is followed by what its own root has
 * signed, and by nothing else.
 * @throws HoldfastError `site_own`, `site_changed`, `site_bundle_old`; `usage` for a name that is none
 */
export function trustPartner(
  state: LinkState,
  { bundle, name = bundle.site, by, nowMs }: TrustOrder,
): { readonly state: LinkState; readonly trusted: Trusted; readonly name: string } {
  if (!isNodeName(name))
    throw new HoldfastError(
      'usage',
      `${JSON.stringify(name.slice(0, 80))} cannot be the name of a site: expected small letters, digits, dots and dashes`,
    );
  const own = parseBundle(state.own.bundle);
  if (own.root.fingerprint === bundle.root.fingerprint)
    throw new HoldfastError('site_own', `${bundle.site} is this site itself`);
  const held = state.partners.map((each) => ({ ...each, bundle: parseBundle(each.bundle) }));
  const before =
    held.find((each) => follows(each.bundle, bundle) !== 'stranger') ??
    held.find((each) => each.name === name);
  if (before === undefined) {
    const partner = { name, bundle: bundle.text, since: nowMs, by };
    const partners = [...state.partners, partner].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return { state: { ...state, partners }, trusted: 'added', name };
  }
  return { ...followPartner(state, before.name, bundle), name: before.name };
}

/**
 * Takes the next bundle of a site that is trusted.
 * @throws HoldfastError `site_changed`, `site_bundle_old`
 */
export function followPartner(
  state: LinkState,
  name: string,
  next: SiteBundle,
): { readonly state: LinkState; readonly trusted: Exclude<Trusted, 'added'> } {
  const stored = state.partners.find((each) => each.name === name);
  if (stored === undefined) throw new HoldfastError('site_unknown', `no site ${name} is trusted here`);
  const held = parseBundle(stored.bundle);
  switch (follows(held, next)) {
    case 'stranger':
      throw siteChanged(name, held, next);
    case 'older':
      throw new HoldfastError(
        'site_bundle_old',
        `of the site ${name} number ${next.sequence} came, made ${next.made.toISOString()}, and number ${held.sequence} is held`,
      );
    case 'same':
      return { state, trusted: 'same' };
    case 'newer':
      return {
        state: {
          ...state,
          partners: state.partners.map((each) => (each === stored ? { ...stored, bundle: next.text } : each)),
        },
        trusted: 'newer',
      };
  }
}

function siteChanged(name: string, held: SiteBundle, next: SiteBundle): HoldfastError {
  return new HoldfastError(
    'site_changed',
    `the site ${name} has the root ${next.root.fingerprint}, expected ${held.root.fingerprint}, which has not signed it`,
    {
      hint: `ask the other side by another way; where it is right: holdfast site remove ${name}, and then again`,
    },
  );
}
