import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { connect, type TLSSocket } from 'node:tls';
import {
  certificatePem,
  createName,
  type ExtensionTemplate,
  exportPrivateKey,
  privateKeyPem,
} from '../../src/pki/index.ts';
import { authorityExtensions, type Holder, sampleCertificate } from './sample-certificates.ts';

/** A certificate of ML-DSA-87 with all that leads from it to its root: about 7.5 kB each. */
export interface LongChain {
  readonly root: Holder;
  /** The leaf first, without the root. */
  readonly chain: readonly Uint8Array[];
  readonly privateKey: KeyObject;
  /** In PEM. */
  readonly cert: string;
  readonly key: string;
}

/** Makes one with so many certificates between leaf and root; they are all signed by ML-DSA-87 (RFC 9881). */
export async function longChain(between: number, extensions: ExtensionTemplate): Promise<LongChain> {
  const made = (name: string, issuer: Holder | undefined, template: ExtensionTemplate): Promise<Holder> =>
    sampleCertificate({
      subject: createName({ CN: name }),
      keys: generateKeyPairSync('ml-dsa-87'),
      ...(issuer && { issuer }),
      extensions: template,
    });
  const root = await made('ML-DSA root', undefined, authorityExtensions());
  const issuers = [root];
  for (let index = 1; index <= between; index++)
    issuers.push(await made(`ML-DSA issuing ${index}`, issuers.at(-1), authorityExtensions()));
  const leaf = await made('vault.example', issuers.at(-1), extensions);
  const chain = [leaf, ...issuers.slice(1).toReversed()].map(({ der }) => der);
  const { privateKey } = leaf.keys;
  const key = privateKeyPem(exportPrivateKey(privateKey));
  return { root, chain, privateKey, cert: chain.map(certificatePem).join(''), key };
}

/** What a client of Node's TLS is shown, and gets to its first request. */
export interface Met {
  /** Whether OpenSSL came from the root to it; why not. */
  readonly verdict: string;
  /** Of all certificates that came. */
  readonly bytes: number;
  /** The first line of the answer; empty where none came. */
  readonly answer: string;
}

/** Comes to a port of this machine with what is in `identity`, believing `ca`, and asks for `path`. */
export function meet(
  port: number,
  path: string,
  identity: { readonly ca?: string; readonly cert?: string; readonly key?: string } = {},
): Promise<Met> {
  return new Promise((resolve) => {
    let text = '';
    let [verdict, bytes] = ['no handshake', 0];
    const socket: TLSSocket = connect({ host: '127.0.0.1', port, ...identity, rejectUnauthorized: false });
    const done = (): void => resolve({ verdict, bytes, answer: text.split('\r\n', 1)[0] ?? '' });
    socket.once('secureConnect', () => {
      verdict = String(socket.authorizationError ?? 'believed');
      for (let each = socket.getPeerX509Certificate(); each !== undefined; each = each.issuerCertificate)
        bytes += each.raw.length;
      socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
    });
    socket.on('data', (data: Buffer) => (text += data.toString('latin1')));
    socket.on('error', (error: NodeJS.ErrnoException) => (text ||= error.code ?? error.message));
    socket.once('close', done);
  });
}
