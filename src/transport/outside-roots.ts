import { getCACertificates, rootCertificates } from 'node:tls';
import type { Bytes } from '../base/index.ts';
import { certificatesFromPem, type Fingerprint, fingerprint } from '../pki/index.ts';

let pems: readonly string[] | undefined;

/**
 * Whom this machine trusts on the web, in PEM: the trust store of its system (`SSL_CERT_FILE` and `SSL_CERT_DIR` where they are
 * set), or, where the system has none, the roots that come with Node; with those of `NODE_EXTRA_CA_CERTS`. Read once: it takes
 * a tenth of a second.
 */
export function webRoots(): readonly string[] {
  if (pems !== undefined) return pems;
  const system = getCACertificates('system');
  const roots = system.length > 0 ? system : getCACertificates('bundled');
  pems = [...new Set([...roots, ...getCACertificates('extra')])];
  return pems;
}

let ders: readonly Bytes[] | undefined;

/** The same in DER: who may vouch for a server outside the network. */
export function outsideRoots(): readonly Bytes[] {
  ders ??= webRoots().flatMap((pem) => certificatesFromPem(pem));
  return ders;
}

let known: ReadonlySet<Fingerprint> | undefined;

/** Whether a root is one of those that Mozilla's browsers come with, as Node brings them along. */
export function isPublicRoot(root: Fingerprint): boolean {
  known ??= new Set(rootCertificates.flatMap((pem) => certificatesFromPem(pem).map(fingerprint)));
  return known.has(root);
}
