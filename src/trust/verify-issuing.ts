import type { Bytes } from '../base/index.ts';
import { type Certificate, networkUri } from '../pki/index.ts';
import { notAllowed } from './path-limits.ts';
import type { TrustBundle } from './trust-bundle.ts';
import { validatePath } from './validate-path.ts';
import { networkAnchors } from './verify-server.ts';

/**
 * The certificate (DER) of an authority that issues for the network of a bundle: what stands right below a root that speaks
 * for it, and that the root is not known to have revoked.
 *
 * @throws HoldfastError as {@link validatePath}, and `certificate_not_allowed` for one that may not sign certificates
 */
export function verifyIssuing(der: Bytes, bundle: TrustBundle, at: Date): Certificate {
  const [issuing, root, ...above] = validatePath({
    leaf: der,
    intermediates: [],
    anchors: networkAnchors(bundle),
    at,
    purpose: 'any',
    rules: 'chosen',
    rootLists: bundle.rootLists ?? [],
  });
  const { basicConstraints, keyUsage, subjectAltNames } = issuing.extensions;
  const names = subjectAltNames.flatMap((name) => (name.kind === 'uri' ? [name.value] : []));
  const isOfNetwork = names.length === 1 && names[0] === networkUri(bundle.network);
  const issues = basicConstraints?.ca === true && keyUsage?.includes('keyCertSign') === true;
  if (issues && isOfNetwork && root !== undefined && above.length === 0) return issuing;
  throw notAllowed(issuing, `does not issue for ${bundle.network}, right below its root`);
}
