import type { TLSSocket } from 'node:tls';

/** How a connection is protected, in the registry's own names, e.g. TLS 1.3, X25519MLKEM768, TLS_AES_256_GCM_SHA384. */
export interface ConnectionInfo {
  /** `TLS 1.3` or `TLS 1.2`. */
  readonly protocol: string;
  /** The group of the key exchange, as OpenSSL reports it for this very connection. */
  readonly group: string;
  readonly cipher: string;
}

/** What was agreed on; for the side that dialed, since OpenSSL tells the group to that side alone. */
export function connectionInfo(socket: TLSSocket): ConnectionInfo {
  const key = socket.getEphemeralKeyInfo();
  return {
    protocol: (socket.getProtocol() ?? 'unknown').replace('TLSv', 'TLS '),
    group: key !== null && 'name' in key && typeof key.name === 'string' ? groupName(key.name) : 'unknown',
    cipher: socket.getCipher().standardName,
  };
}

/** OpenSSL calls the NIST curves by their names in X9.62. */
function groupName(name: string): string {
  return name === 'prime256v1' ? 'P-256' : name.replace(/^secp(384|521)r1$/, 'P-$1');
}
