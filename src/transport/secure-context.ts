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
import { type KeyExchangeGroup, type ListenerPolicy, type TlsVersion, tlsLevels } from '../policy/index.ts';

/** Certificates that are shown instead of the server's own. */
export interface TlsBindings {
  /** To whoever names this host (SNI), in lower case; `*.example.com` for every name one label below. */
  readonly hosts: ReadonlyMap<string, Credentials>;
  /** To whoever comes to the listener of this name, or to any by {@link everyListener}, and names no host that has one. */
  readonly listeners: ReadonlyMap<string, Credentials>;
}

/** Stands for all listeners, those of later among them; no listener is called so. */
export const everyListener = '*';

/** Nothing but the server's own certificate. */
export const noBindings: TlsBindings = { hosts: new Map(), listeners: new Map() };

/** What is shown to whoever comes to a listener and names no host that has something bound to it. */
function boundToListener({ listeners }: TlsBindings, name: string): Credentials | undefined {
  return listeners.get(name) ?? listeners.get(everyListener);
}

/** What is shown to whoever names `host`, or undefined when nothing is bound to it. */
function boundTo({ hosts }: TlsBindings, host: string): Credentials | undefined {
  const name = host.replace(/\.$/, '').toLowerCase();
  return hosts.get(name) ?? hosts.get(`*${name.slice(name.indexOf('.'))}`);
}

/** What a listener shows at the moment: its own certificate, one bound to it, or one for the host that is named. */
export class ServerContexts {
  /** For whoever names no host, or one that nothing is bound to. */
  readonly standard: HotContext;
  readonly #policy: ListenerPolicy;
  readonly #bindings: Hot<TlsBindings>;
  readonly #hosts = new WeakMap<Credentials, HotContext>();

  constructor(policy: ListenerPolicy, credentials: Hot<Credentials>, bindings: Hot<TlsBindings>) {
    this.#policy = policy;
    this.#bindings = bindings;
    this.standard = new HotContext(policy, {
      get current() {
        return boundToListener(bindings.current, policy.name) ?? credentials.current;
      },
    });
  }

  /** Whether a host that is named can change anything. */
  get hasHosts(): boolean {
    return this.#bindings.current.hosts.size > 0;
  }

  /** The context for a host that is named, or undefined when the standard one is. */
  forHost(host: string): SecureContext | undefined {
    const credentials = boundTo(this.#bindings.current, host);
    if (credentials === undefined) return undefined;
    let context = this.#hosts.get(credentials);
    if (context === undefined) {
      context = new HotContext(this.#policy, { current: credentials });
      this.#hosts.set(credentials, context);
    }
    return context.current;
  }
}

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
