import { rootCertificates } from 'node:tls';
import { certificatesFromPem, type Fingerprint, fingerprint } from '../pki/index.ts';

let known: ReadonlySet<Fingerprint> | undefined;

/** Whether a root is one of those that Mozilla's browsers come with, as Node brings them along. */
export function isPublicRoot(root: Fingerprint): boolean {
  known ??= new Set(rootCertificates.flatMap((pem) => certificatesFromPem(pem).map(fingerprint)));
  return known.has(root);
}
