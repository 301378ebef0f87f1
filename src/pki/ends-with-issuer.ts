import type { Certificate } from './certificate.ts';

/** Whether a certificate ends when its issuer's does: then that is why it ends, and not because of its profile. */
export function endsWithIssuer(
  leaf: Pick<Certificate, 'notAfter'>,
  issuer: Pick<Certificate, 'notAfter'>,
): boolean {
  return leaf.notAfter.getTime() === issuer.notAfter.getTime();
}
