import { constants, type KeyObject } from 'node:crypto';
import { Server } from 'node:net';
import { createSecureContext, getCACertificates, rootCertificates, type SecureContext } from 'node:tls';
import { type Bytes, equalBytes } from '../base/index.ts';
import {
  certificatePem,
  certificatesFromPem,
  exportPrivateKey,
  type Fingerprint,
  fingerprint,
  privateKeyPem,
} from '../pki/index.ts';
import { type KeyExchangeGroup, type TlsVersion, tlsLevels } from '../policy/index.ts';

/** What both sides choose of TLS. */
interface TlsChoice {
  readonly minimumVersion: TlsVersion;
  readonly groups: readonly KeyExchangeGroup[];
}

/** All of TLS 1.3, and of TLS 1.2, where that is allowed, what the level has that ends there. A client's own order counts. */
const ciphers = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  ...tlsLevels.intermediate.suites12,
].join(':');

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

/** What a node proves its identity with. */
export interface Credentials {
  /** As it is sent: DER, the leaf, then the issuing certificate. */
  readonly chain: readonly Bytes[];
  readonly privateKey: KeyObject;
  /** The OCSP answer about the leaf to be stapled, in DER; undefined while there is none. */
  readonly staple?: () => Promise<Bytes | undefined>;
}

/**
 * What Node asks for an OCSP answer when a client wants one stapled to a handshake (RFC 6066 §8), or undefined where there
 * never is any. It is a server by its type alone and never listens: Node looks at the `server` of a socket for its
 * listeners to `OCSPRequest` and, when no certificate was chosen by host name, for the context in use.
 *
 * Answers are asked for at each handshake, which waits for them; without one it goes on all the same.
 */
function createStapler(context: SecureContext, credentials: Credentials): Server | undefined {
  const { staple, chain } = credentials;
  const [leaf] = chain;
  if (staple === undefined || leaf === undefined) return undefined;
  const server = Object.assign(new Server(), { _sharedCreds: context });
  return server.on('OCSPRequest', (certificate: Bytes | null, _issuer: unknown, answer: Answer) => {
    // A certificate from elsewhere, chosen by host name, is not ours to answer for.
    const isOurs = certificate !== null && equalBytes(certificate, leaf);
    if (!isOurs) return answer(null, undefined);
    staple().then(
      (response) => answer(null, response),
      () => answer(null, undefined),
    );
  });
}

type Answer = (error: Error | null, response: Bytes | undefined) => void;

interface Made {
  readonly from: Credentials | undefined;
  readonly context: SecureContext;
  readonly stapler: Server | undefined;
}

/** The secure context for the credentials of the moment, made anew only when they were replaced. */
export class HotContext {
  readonly #choice: TlsChoice;
  readonly #credentials: Pick<Hot<Credentials>, 'current'> | undefined;
  #made: Made | undefined;

  constructor(choice: TlsChoice, credentials: Pick<Hot<Credentials>, 'current'> | undefined) {
    this.#choice = choice;
    this.#credentials = credentials;
  }

  get current(): SecureContext {
    return this.#present().context;
  }

  /** The `server` for sockets that use the present context, when answers are stapled for its certificate. */
  get stapler(): Server | undefined {
    return this.#present().stapler;
  }

  #present(): Made {
    const from = this.#credentials?.current;
    if (this.#made === undefined || this.#made.from !== from) {
      const context = createTlsContext(this.#choice, from);
      this.#made = { from, context, stapler: from && createStapler(context, from) };
    }
    return this.#made;
  }
}

/**
 * A value that changes while the program runs: certificates, trust. Whoever uses one looks at `current` at the moment
 * that counts, the next connection or the next request, so nobody has to be told.
 */
export class Hot<T> {
  #current: T;

  constructor(current: T) {
    this.#current = current;
  }

  get current(): T {
    return this.#current;
  }

  replace(next: T): void {
    this.#current = next;
  }
}

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
