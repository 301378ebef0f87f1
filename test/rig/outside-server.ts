import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { certificatePem, exportPrivateKey, privateKeyPem } from '../../src/pki/index.ts';
import { opensslCertificate } from './openssl-certificates.ts';
import type { Holder } from './sample-certificates.ts';

/** A web server on every loopback address that is not ours, with nothing on it: whoever believes it finds no repository. */
export class OutsideServer implements AsyncDisposable {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(holder: Holder): Promise<OutsideServer> {
    const server = createServer(shown(holder), (_request, response) => response.writeHead(404).end());
    // Whoever refuses the certificate goes away in the middle.
    server.on('tlsClientError', () => {});
    await once(server.listen(0, '0.0.0.0'), 'listening');
    return new OutsideServer(server);
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Shows another certificate from the next connection on. */
  show(holder: Holder): void {
    this.#server.setSecureContext(shown(holder));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

function shown({ der, keys }: Holder): { cert: string; key: string } {
  return { cert: certificatePem(der), key: privateKeyPem(exportPrivateKey(keys.privateKey)) };
}

/** A certificate for `names` (`DNS:localhost`), of `issuer` or signed by itself. */
export function webCertificate(names: readonly string[], issuer?: Holder, keys?: Holder['keys']): Holder {
  return opensslCertificate({
    subject: '/CN=web',
    ...(issuer && { issuer }),
    ...(keys && { keys }),
    extensions: [
      `subjectAltName=${names.join(',')}`,
      'basicConstraints=CA:false',
      'keyUsage=critical,digitalSignature',
      'extendedKeyUsage=serverAuth',
    ],
  });
}
