import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { certificatePem } from '../../src/pki/index.ts';
import type { SampleNode } from './sample-certificates.ts';

/** A server that shows these certificates, asks for everybody's, and keeps in mind whatever it is told after that. */
export class Impostor implements AsyncDisposable {
  /** What came in over all connections, as it came. */
  told = '';
  readonly #heard = Promise.withResolvers<void>();
  readonly #server: Server;
  readonly #sockets = new Set<TLSSocket>();

  private constructor({ chain, privateKey }: SampleNode) {
    const key = privateKey.export({ type: 'pkcs8', format: 'pem' });
    const options = {
      key,
      cert: chain.map(certificatePem).join(''),
      requestCert: true,
      rejectUnauthorized: false,
    };
    this.#server = createServer(options, (socket) => {
      this.#sockets.add(socket);
      socket
        .on('error', () => {})
        .on('data', (data) => {
          this.told += data.toString('latin1');
          this.#heard.resolve();
        });
    });
    this.#server.on('tlsClientError', () => {});
  }

  /** Where it listens. */
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Listens on `port` of this machine, or on any that is free for 0. */
  static async start(port: number, node: SampleNode): Promise<Impostor> {
    const impostor = new Impostor(node);
    impostor.#server.listen(port);
    await once(impostor.#server, 'listening');
    return impostor;
  }

  /** Resolves once it was told something. */
  hears(): Promise<void> {
    return this.#heard.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
