import { domainToASCII } from 'node:url';
import { type Bytes, equalBytes, HoldfastError, isHoldfastError } from '../base/index.ts';
import {
  type Certificate,
  type Fingerprint,
  formatGeneralName,
  type GeneralName,
  type Identity,
  parseCertificate,
  parseIpAddress,
  type Role,
} from '../pki/index.ts';
import { isDnsName } from './check-name-constraints.ts';
import { checkKeyUse, type Purpose } from './check-path.ts';
import { certificateChanged, checkChosenLeaf, standsAlone } from './chosen-certificate.ts';
import { notAllowed } from './path-limits.ts';
import type { TrustAnchor } from './root-list.ts';
import type { TrustBundle } from './trust-bundle.ts';
import { type ValidPath, validatePath } from './validate-path.ts';

interface ServerRequest {
  /** What the server presented: DER, the leaf first, the others in any order. */
  readonly chain: readonly Bytes[];
  readonly bundle: TrustBundle;
  /** The roles that will do, where it is a node of the network. */
  readonly roles: readonly Role[];
  /** What was called: a DNS name or an address, as it stands in a URL. */
  readonly host: string;
  /** What was called at it: certificates may be bound to that alone. */
  readonly port?: number | undefined;
  readonly at: Date;
  /** Roots that speak for every host which nothing is bound to, DER; none unless said. */
  readonly outsideRoots?: readonly Bytes[] | undefined;
  /** Which roots are those of the public web; none unless said. */
  readonly isPublicRoot?: (root: Fingerprint) => boolean;
}

/**
 * Whether this is the server that was called: a node of the network with one of the roles; or, where the bundle binds
 * `host` to roots from elsewhere, any server of that name with a path to one of them; or the very certificate that is bound to
 * it. Such a root counts for its own host names alone, and vouches for no identity; what the public web asks of its servers is
 * asked where the root is a public one. `outsideRoots` count for hosts that nothing is bound to.
 *
 * @throws HoldfastError as {@link verifyIdentity} and {@link verifyServerName}; `certificate_changed` where another certificate
 *   is bound to it than the one that was presented
 */
export function verifyServer(request: ServerRequest): ValidPath {
  const { chain, bundle, roles, at } = request;
  try {
    return named(verifyIdentity({ chain, bundle, roles, purpose: 'serverAuth', at }).path, request.host);
  } catch (error) {
    if (!isHoldfastError(error, 'certificate_unknown_authority')) throw error;
    return outsidePath(request, error);
  }
}

function named(path: ValidPath, host: string): ValidPath {
  checkKeyUse(path[0]);
  verifyServerName(path[0], host);
  return path;
}

/** @throws HoldfastError `unknown` where nothing says anything of such a server */
function outsidePath(request: ServerRequest, unknown: HoldfastError): ValidPath {
  const { chain, bundle, host, port, at, outsideRoots = [], isPublicRoot } = request;
  const [leaf, ...intermediates] = chain;
  if (leaf === undefined) throw unknown;
  const bound = boundAnchors(bundle, host, port);
  if (bound.some(({ certificate }) => equalBytes(certificate, leaf))) return [checkChosenLeaf(leaf, at)];
  const anchors = bound.length === 0 ? outsideRoots : bound.map(({ certificate }) => certificate);
  if (anchors.length === 0) throw unknown;
  try {
    const rules = (anchor: Certificate): 'public' | 'chosen' =>
      isPublicRoot?.(anchor.fingerprint) === true ? 'public' : 'chosen';
    return named(validatePath({ leaf, intermediates, anchors, at, purpose: 'serverAuth', rules }), host);
  } catch (error) {
    const alone = bound.filter(standsAlone);
    if (!isHoldfastError(error, 'certificate_unknown_authority') || alone.length === 0) throw error;
    throw certificateChanged({ host, port }, alone, parseCertificate(leaf));
  }
}

/** What a bundle binds to `host`, and to `port` of it: roots and certificates that speak for that one name or address. */
export function boundAnchors(
  { anchors }: Pick<TrustBundle, 'anchors'>,
  host: string,
  port: number | undefined,
): readonly TrustAnchor[] {
  const wanted = hostKey(host);
  const address = port === undefined ? undefined : serverAddress(host, port);
  return anchors.filter(({ speaksFor }) => {
    if (speaksFor.kind === 'address') return speaksFor.address === address;
    return speaksFor.kind === 'server' && speaksFor.names.some((name) => hostKey(name) === wanted);
  });
}

/** `host:port` in one spelling, with brackets around an IPv6 address. */
export function serverAddress(host: string, port: number): string {
  const key = hostKey(host);
  return `${key.includes(':') ? `[${key}]` : key}:${port}`;
}

/** Capitals, brackets and a period at the end do not make another host. */
function hostKey(host: string): string {
  return host
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
}

/**
 * Checks that a server's certificate is for `host`, a DNS name or an address as it stands in a URL (brackets allowed),
 * by its subject alternative names alone (RFC 9525 §6): a wildcard is the whole left-most label, and stands for exactly one
 * label in front of at least two. The common name is not looked at, whatever it says. A host beyond ASCII is compared by
 * its A-labels (§6.3).
 *
 * @throws HoldfastError `certificate_wrong_name` with the names seen and the one wanted
 */
export function verifyServerName(certificate: Certificate, host: string): void {
  const names = certificate.extensions.subjectAltNames;
  const wanted = toAscii(host.replace(/^\[(.*)\]$/, '$1').replace(/\.$/, ''));
  const address = parseIpAddress(wanted);
  const matches = names.some((name) =>
    address === undefined
      ? name.kind === 'dns' && matchesDns(name.value, wanted)
      : name.kind === 'ip' && equalBytes(parseIpAddress(name.value) ?? new Uint8Array(), address),
  );
  if (!matches) throw wrongName(`is for ${formatNames(names)}, expected ${host}`);
}

/** No host is longer, so that nothing longer is looked at. */
const maxHostLength = 253;

/** The A-labels of a host that has U-labels; the empty text for what is no host. */
function toAscii(host: string): string {
  if (/^[\x20-\x7e]*$/.test(host)) return host;
  return host.length > maxHostLength ? '' : domainToASCII(host);
}

function matchesDns(presented: string, wanted: string): boolean {
  const pattern = presented.toLowerCase();
  const host = wanted.toLowerCase();
  if (!isDnsName(host)) return false;
  if (!pattern.startsWith('*.')) return pattern === host;
  const parent = host.slice(host.indexOf('.') + 1);
  return host.includes('.') && parent.includes('.') && pattern.slice(2) === parent;
}

function formatNames(names: readonly GeneralName[]): string {
  const hosts = names.filter(({ kind }) => kind === 'dns' || kind === 'ip');
  return hosts.length === 0 ? 'no host at all' : hosts.map(formatGeneralName).join(', ');
}

function wrongName(problem: string): HoldfastError {
  return new HoldfastError('certificate_wrong_name', `the server's certificate ${problem}`, {
    hint: 'use one of those names, or let the server have a certificate for this one (--names)',
  });
}

interface IdentityRequest {
  /** What the peer presented: DER, the leaf first, the others in any order. */
  readonly chain: readonly Bytes[];
  readonly bundle: TrustBundle;
  /** The roles that will do. */
  readonly roles: readonly Role[];
  readonly purpose: Purpose;
  readonly at: Date;
}

export interface VerifiedIdentity {
  readonly identity: Identity;
  /** The leaf first, the anchor last. */
  readonly path: ValidPath;
}

/**
 * Who a peer is: a node of the bundle's own network, whose path is valid and ends in an anchor that speaks for that
 * network (X.509-SVID §5.2) and has not revoked what it issued of the path. Whether the leaf is revoked is the caller's to
 * look at.
 *
 * @throws HoldfastError as {@link validatePath}; `certificate_not_allowed` when the leaf is an authority, may not sign,
 *   or does not name exactly one identity; `certificate_wrong_network`; `certificate_wrong_role`
 */
export function verifyIdentity({ chain, bundle, roles, purpose, at }: IdentityRequest): VerifiedIdentity {
  const [leaf, ...intermediates] = chain;
  if (leaf === undefined) throw new HoldfastError('certificate_required', 'no certificate was presented');
  const anchors = networkAnchors(bundle);
  const { rootLists } = bundle;
  const path = validatePath({ leaf, intermediates, anchors, at, purpose, rules: 'chosen', rootLists });
  checkKeyUse(path[0]);
  const identity = identityOf(path[0]);
  checkNetwork(identity, bundle);
  checkRole(identity, roles);
  return { identity, path };
}

/**
 * Whether an identity has one of the roles.
 *
 * @throws HoldfastError `certificate_wrong_role`
 */
export function checkRole({ role, name }: Identity, roles: readonly Role[]): void {
  if (roles.includes(role)) return;
  throw new HoldfastError(
    'certificate_wrong_role',
    `${role} ${name}: expected a certificate for ${roles.join(' or ')}`,
  );
}

/** The roots of a bundle that speak for its network, DER. */
export function networkAnchors({ network, anchors }: TrustBundle): Bytes[] {
  return anchors
    .filter(({ speaksFor }) => speaksFor.kind === 'network' && speaksFor.network === network)
    .map(({ certificate }) => certificate);
}

function identityOf(leaf: Certificate): Identity {
  const { basicConstraints, subjectAltNames } = leaf.extensions;
  if (basicConstraints?.ca === true) throw notAllowed(leaf, 'is an authority and cannot be a node');
  const uris = subjectAltNames.filter(({ kind }) => kind === 'uri');
  if (uris.length !== 1 || leaf.identity === undefined) {
    throw notAllowed(leaf, `names ${uris.length} URIs, expected one of the form spiffe://network/role/name`);
  }
  return leaf.identity;
}

function checkNetwork(identity: Identity, { network }: TrustBundle): void {
  if (identity.network === network) return;
  throw new HoldfastError(
    'certificate_wrong_network',
    `${identity.role} ${identity.name} belongs to the network ${identity.network}, expected ${network}`,
  );
}
