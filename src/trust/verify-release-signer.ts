import { type Bytes, HoldfastError } from '../base/index.ts';
import { type Certificate, formatGeneralName } from '../pki/index.ts';
import { checkKeyUse } from './check-path.ts';
import { notAllowed } from './path-limits.ts';
import type { TrustBundle } from './trust-bundle.ts';
import { type ValidPath, validatePath } from './validate-path.ts';
import { networkAnchors } from './verify-server.ts';

interface ReleaseSignerRequest {
  /** DER, the leaf first, the others in any order. */
  readonly chain: readonly Bytes[];
  readonly bundle: TrustBundle;
  /** The one name that the certificate may have. */
  readonly uri: string;
  readonly at: Date;
}

/**
 * Validates the certificate of who signs the releases of a network, up to an anchor that speaks for it. Its purpose is to sign
 * code and nothing else, and it has one name, which is no machine's: nobody who has a certificate for something else
 * signs releases with it. Of revocation only the lists of the roots are looked at.
 *
 * @throws HoldfastError as {@link validatePath}, and `certificate_not_allowed`
 */
export function verifyReleaseSigner({ chain, bundle, uri, at }: ReleaseSignerRequest): ValidPath {
  const [leaf, ...intermediates] = chain;
  if (leaf === undefined) throw new HoldfastError('certificate_required', 'no certificate came with it');
  const path = validatePath({
    leaf,
    intermediates,
    anchors: networkAnchors(bundle),
    at,
    purpose: 'codeSigning',
    rules: 'chosen',
    rootLists: bundle.rootLists ?? [],
  });
  checkKeyUse(path[0]);
  checkSoleUse(path[0], uri);
  return path;
}

function checkSoleUse(leaf: Certificate, uri: string): void {
  const { basicConstraints, extendedKeyUsage = [], subjectAltNames } = leaf.extensions;
  if (basicConstraints?.ca === true) throw notAllowed(leaf, 'is an authority, and signs no releases');
  if (extendedKeyUsage.length !== 1 || extendedKeyUsage[0] !== 'codeSigning')
    throw notAllowed(leaf, `is for ${extendedKeyUsage.join(', ') || 'anything'}, expected codeSigning alone`);
  const [name, ...others] = subjectAltNames;
  if (others.length === 0 && name?.kind === 'uri' && name.value === uri) return;
  const found = subjectAltNames.map(formatGeneralName).join(', ') || 'nobody';
  throw notAllowed(leaf, `is for ${found}, expected ${uri}`);
}
