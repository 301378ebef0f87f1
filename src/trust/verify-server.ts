import { type Bytes, isHoldfastError } from '../base/index.ts';
import type { Fingerprint, Role } from '../pki/index.ts';
import { checkKeyUse } from './check-purpose.ts';
import type { TrustBundle } from './trust-bundle.ts';
import { type ValidPath, validatePath } from './validate-path.ts';
import { verifyIdentity } from './verify-identity.ts';
import { verifyServerName } from './verify-server-name.ts';

export interface ServerRequest {
  /** What the server presented: DER, the leaf first, the others in any order. */
  readonly chain: readonly Bytes[];
  readonly bundle: TrustBundle;
  /** The roles that will do, where it is a node of the network. */
  readonly roles: readonly Role[];
  /** What was called: a DNS name or an address, as it stands in a URL. */
  readonly host: string;
  readonly at: Date;
  /** Which roots are those of the public web; none unless said. */
  readonly isPublicRoot?: (root: Fingerprint) => boolean;
}

/**
 * Whether this is the server that was called: a node of the network with one of the roles, or, where the bundle binds
 * `host` to roots from elsewhere, any server of that name with a path to one of them. Such a root counts for its own host
 * names alone, and vouches for no identity; what the public web asks of its servers is asked where the root is a public one.
 *
 * @throws HoldfastError as {@link verifyIdentity} and {@link verifyServerName}
 */
export function verifyServer(request: ServerRequest): ValidPath {
  const path = pathOf(request);
  checkKeyUse(path[0]);
  verifyServerName(path[0], request.host);
  return path;
}

function pathOf({ chain, bundle, roles, host, at, isPublicRoot }: ServerRequest): ValidPath {
  try {
    return verifyIdentity({ chain, bundle, roles, purpose: 'serverAuth', at }).path;
  } catch (error) {
    const anchors = boundRoots(bundle, host);
    const [leaf, ...intermediates] = chain;
    const isFromElsewhere = isHoldfastError(error, 'certificate_unknown_authority');
    if (!isFromElsewhere || anchors.length === 0 || leaf === undefined) throw error;
    return validatePath({
      leaf,
      intermediates,
      anchors,
      at,
      purpose: 'serverAuth',
      rules: (anchor) => (isPublicRoot?.(anchor.fingerprint) === true ? 'public' : 'chosen'),
    });
  }
}

/** The roots from elsewhere that a bundle binds to `host`, DER: they speak for that one name. */
export function boundRoots({ anchors }: Pick<TrustBundle, 'anchors'>, host: string): Bytes[] {
  const wanted = hostKey(host);
  return anchors.flatMap(({ certificate, speaksFor }) =>
    speaksFor.kind === 'server' && speaksFor.names.some((name) => hostKey(name) === wanted)
      ? [certificate]
      : [],
  );
}

/** Capitals, brackets and a period at the end do not make another host. */
function hostKey(host: string): string {
  return host
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
}
