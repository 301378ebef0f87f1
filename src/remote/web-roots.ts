import { getCACertificates } from 'node:tls';

let known: string[] | undefined;

/**
 * Whom this machine trusts on the web, in PEM: its own trust store (`SSL_CERT_FILE` and `SSL_CERT_DIR` where they are set), and
 * the roots that come with Node (`NODE_EXTRA_CA_CERTS` among them). Read once: it takes a tenth of a second.
 */
export function webRoots(): string[] {
  known ??= [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
  return known;
}
