import { type Bytes, HoldfastError } from '../base/index.ts';
import type { Certificate, Identity, Role } from '../pki/index.ts';
import { checkKeyUse, type Purpose } from './check-path.ts';
import { notAllowed } from './not-allowed.ts';
import type { TrustBundle } from './trust-bundle.ts';
import { type ValidPath, validatePath } from './validate-path.ts';

export interface IdentityRequest {
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
  const anchors = anchorsOf(bundle);
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

function anchorsOf({ network, anchors }: TrustBundle): Bytes[] {
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
