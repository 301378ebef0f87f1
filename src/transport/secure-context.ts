import { constants } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import { certificatePem, exportPrivateKey, privateKeyPem } from '../pki/index.ts';
import type { KeyExchangeGroup, TlsVersion } from '../policy/index.ts';
import type { Credentials } from './credentials.ts';

/** What both sides choose of TLS. */
export interface TlsChoice {
  readonly minimumVersion: TlsVersion;
  readonly groups: readonly KeyExchangeGroup[];
}

/** All of TLS 1.3 and, where TLS 1.2 is allowed, what has forward secrecy and authenticated encryption. */
const ciphers =
  'TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:ECDHE+AESGCM:ECDHE+CHACHA20';

/**
 * The OpenSSL side of a policy, made once for many connections.
 *
 * No session is ever resumed: a resumed one would skip the proof that the peer still has its key, and saves little
 * where connections are kept. OpenSSL trusts nobody here (`ca` is empty, which also keeps the system's roots out):
 * whom to believe is decided by `trust`, on the certificates as they were presented.
 */
export function createTlsContext(choice: TlsChoice, credentials: Credentials | undefined): SecureContext {
  return createSecureContext({
    minVersion: choice.minimumVersion,
    ecdhCurve: choice.groups.join(':'),
    ciphers,
    ca: [],
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
    ...(credentials !== undefined && {
      cert: credentials.chain.map((der) => certificatePem(der)).join(''),
      key: privateKeyPem(exportPrivateKey(credentials.privateKey)),
    }),
  });
}
