import { type Bytes, HoldfastError, isHoldfastError } from '../../base/index.ts';
import { type Certificate, type Fingerprint, parseCertificate } from '../../pki/index.ts';
import { validatePath } from '../../trust/index.ts';
import type { Links, Partner } from './links.ts';
import { holdsCertificate, type SiteBundle } from './site-bundle.ts';

/** Who is at the other end of a link that somebody else has dialed: a site that is trusted here, by the certificate that was agreed on. */
export interface LinkPeer {
  readonly by: 'link';
  /** What the site is called here. */
  readonly site: string;
  readonly network: string;
  readonly root: Fingerprint;
  readonly certificate: Fingerprint;
}

/**
 * Says which site has presented `chain` (DER, the leaf first). It is asked on every request, so that a site that was removed, or a
 * key that was replaced, is refused from that moment on.
 * @throws HoldfastError `link_refused` where no site is known by it; `link_certificate_mismatch` where it is of a site that is
 *   trusted, and not what was agreed on; `certificate_*`
 */
export function linkPeerOf(links: Links, chain: readonly Bytes[], at: Date): LinkPeer {
  const leaf = leafOf(chain);
  const known = links.partners.find(({ bundle }) => holdsCertificate(bundle.clients, leaf.fingerprint));
  const partner = known ?? links.partners.find(({ bundle }) => isBelow(leaf, bundle, at));
  if (partner === undefined)
    throw new HoldfastError('link_refused', 'no site that is trusted here has this certificate');
  checkLeaf(leaf, { partner, kind: 'client', at });
  const { root, network } = partner.bundle;
  return {
    by: 'link',
    site: partner.name,
    network,
    root: root.fingerprint,
    certificate: leaf.fingerprint,
  };
}

/**
 * Checks that what a site presents on being dialed is what was agreed on with it.
 * @throws HoldfastError `link_certificate_mismatch`, `certificate_*`
 */
export function checkDialed(
  partner: Pick<Partner, 'name' | 'bundle'>,
  chain: readonly Bytes[],
  at: Date,
): void {
  checkLeaf(leafOf(chain), { partner, kind: 'server', at });
}

function leafOf([der]: readonly Bytes[]): Certificate {
  if (der === undefined) throw new HoldfastError('link_refused', 'no certificate of a site was presented');
  return parseCertificate(der);
}

function checkLeaf(
  leaf: Certificate,
  {
    partner: { name, bundle },
    kind,
    at,
  }: {
    readonly partner: Pick<Partner, 'name' | 'bundle'>;
    readonly kind: 'server' | 'client';
    readonly at: Date;
  },
): void {
  const agreed = kind === 'server' ? bundle.servers : bundle.clients;
  if (!holdsCertificate(agreed, leaf.fingerprint))
    throw new HoldfastError(
      'link_certificate_mismatch',
      `the site ${name} shows the ${kind} certificate ${leaf.fingerprint}, expected ${agreed.map((each) => each.fingerprint).join(' or ')}`,
    );
  checkPath(leaf, bundle, kind, at);
}

/** @throws HoldfastError `certificate_*` */
export function checkPath(
  leaf: Certificate,
  { site, root }: Pick<SiteBundle, 'site' | 'root'>,
  kind: 'server' | 'client',
  at: Date,
): void {
  const purpose = kind === 'server' ? 'serverAuth' : 'clientAuth';
  try {
    validatePath({ leaf: leaf.der, intermediates: [], anchors: [root.der], at, purpose, rules: 'chosen' });
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    throw new HoldfastError(error.code, `the ${kind} certificate of the site ${site}: ${error.message}`, {
      hint: 'check the clocks of both sides; a certificate that has ended is made anew on its side: holdfast site regenerate',
      cause: error,
    });
  }
}

function isBelow(leaf: Certificate, bundle: SiteBundle, at: Date): boolean {
  try {
    checkPath(leaf, bundle, 'client', at);
    return true;
  } catch (error) {
    if (isHoldfastError(error)) return false;
    throw error;
  }
}

/** Whether a link between this site and a partner is for a folder of that name: on both sides it has to be. */
export function linkCarries(links: Links, partner: Pick<Partner, 'bundle'>, share: string): boolean {
  return [links.own, partner.bundle].every(({ shares }) => shares === 'all' || shares.includes(share));
}
