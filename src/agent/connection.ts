import type { Agent } from 'node:http';
import { join } from 'node:path';
import { Type } from 'typebox';
import { Check } from 'typebox/value';
import {
  type Bytes,
  HoldfastError,
  isHoldfastError,
  type Log,
  parseDuration,
  programVersion,
  type Secret,
  secondMs,
} from '../base/index.ts';
import { askTickets, type EscrowFingerprint, escrowFingerprint, leaveEscrow } from '../enrol/index.ts';
import { type ClientPolicy, clientPolicyHeader, tellClientPolicy } from '../policy/index.ts';
import { RestStore, TicketStore } from '../remote/index.ts';
import { CachedStore, LimitedStore, type TransferLimits } from '../storage/index.ts';
import {
  askHttp,
  type ConnectionInfo,
  isHttpSuccess,
  isUnheard,
  Line,
  mostHopeful,
  plainHttp,
  type QuotaState,
  receiveText,
  ServerRevocation,
  TlsDialer,
} from '../transport/index.ts';
import { bearerHeader } from '../trust/index.ts';
import { heldToken } from './held-token.ts';
import { noteConnection, noteFailure, verdictFile } from './last-connection.ts';
import { learnFromServer } from './learn-from-server.ts';
import type { Node } from './node.ts';
import { mendExports, type RenewalOptions, renewNode } from './renewal.ts';
import type { RepositoryLocation } from './repository-location.ts';

/** Which repository at a server, and where copies of its metadata may be kept. */
export interface PlaceRequest {
  /** A further repository than the node's own. */
  readonly url?: string;
  /** Whether it is another client's, which no ticket is given for. */
  readonly isGranted?: boolean;
  readonly cache?: string;
  /** Told of what this node has stored and may, where the server says it. */
  readonly onQuota?: ((told: QuotaState) => void) | undefined;
  readonly limits?: TransferLimits;
}

/** A node's way to one of its servers: mutual TLS, and what is reached through it. */
export class Connection implements Disposable {
  readonly node: Node;
  /** `https://HOST:PORT` of the server that answered. */
  readonly server: string;
  readonly dialer: TlsDialer;
  /** How failures of this way are borne. */
  readonly line: Line;
  readonly #log: Log;
  #plainAgent: Agent | undefined;

  constructor(
    node: Node,
    server: string,
    { dialer, line, log }: Pick<Connection, 'dialer' | 'line'> & { readonly log: Log },
  ) {
    this.node = node;
    this.server = server;
    this.dialer = dialer;
    this.line = line;
    this.#log = log;
  }

  /** URL of this node's own repository. */
  get repositoryUrl(): string {
    return `${this.server}/${this.node.identity.name}/`;
  }

  /** How the latest connection is protected. */
  security(): ConnectionInfo {
    const last = this.dialer.lastConnection();
    if (last === undefined) throw new TypeError('not connected yet');
    return last;
  }

  /** This node's repository, or the one at `url`. Its key is kept by network and path, so that a server can move. */
  async place({
    url = this.repositoryUrl,
    isGranted = false,
    cache,
    onQuota,
    limits,
  }: PlaceRequest = {}): Promise<RepositoryLocation> {
    const location = new URL(url.replace(/\/?$/, '/'));
    const label = repositoryLabel(this.node, location.pathname);
    const secure = new RestStore({
      url: location.href,
      agent: this.dialer.agent(),
      line: this.line,
      onQuota,
    });
    const isOwn = location.origin === this.server && !isGranted;
    const unlimited = isOwn ? this.#packsByTicket(secure) : secure;
    const remote = limits === undefined ? unlimited : new LimitedStore(unlimited, limits);
    return {
      label,
      store: cache === undefined ? remote : await CachedStore.open(remote, cacheOf(cache, label)),
      keystore: this.node.keystore,
      escrow: (repository, password, signal) => this.leaveEscrow(repository, password, signal),
    };
  }

  [Symbol.dispose](): void {
    this.dialer.close();
    this.#plainAgent?.destroy();
  }

  /** Packs go over the plain data channel where the network has one. */
  #packsByTicket(secure: RestStore): TicketStore {
    const { dialer, server } = this;
    return new TicketStore(secure, {
      agent: () => (this.#plainAgent ??= new (plainHttp().Agent)({ keepAlive: true })),
      askTickets: (orders, signal) => askTickets({ dialer, server, orders, signal }),
      log: this.#log,
    });
  }

  /** Leaves the password of a second key with the server, sealed to the network's recovery key. */
  async leaveEscrow(
    repository: string,
    password: Secret<string>,
    signal: AbortSignal,
  ): Promise<EscrowFingerprint> {
    const { dialer, server, node, line } = this;
    const sealed = await sealPassword(password, node.state.recoveryRecipient);
    await leaveEscrow({ dialer, server, repository, sealed, signal, line });
    return escrowFingerprint(sealed);
  }
}

/** What the key of a repository at a server of the network is kept under; of the node's own unless a path is named. */
export function repositoryLabel({ identity: { network, name } }: Node, path = `/${name}/`): string {
  return `${network}${path}`;
}

/** Where copies of a repository's metadata are. */
export function cacheOf(cache: string, label: string): string {
  return join(cache, encodeURIComponent(label));
}

/** How a node is connected. */
export interface ConnectOptions extends RenewalOptions {
  /** `https://HOST:PORT` of servers to try, best first; those that the node was told unless said. */
  readonly servers?: readonly string[];
}

/**
 * Connects `node` to the first of its servers that answers, learns which issuers the root has revoked, and renews the
 * node's certificate first when two thirds of its life are over or its issuer is one of these. While none answers they are
 * tried again, as the line says; that nobody answers names every server that was tried. A renewal that does not succeed is
 * said in the log and tried again next time: the last third is there so that backups go on meanwhile. Whoever the keystore is
 * only shared with renews nothing: its owner's commands do.
 */
export async function connectNode(node: Node, given: ConnectOptions): Promise<Connection> {
  const line = given.line ?? new Line();
  bearAsSaid(line, node);
  const options = { ...given, line };
  const connection = await line
    .attempt({ signal: options.signal }, () => dialAny(node, options))
    .catch(async (error: unknown) => {
      if (isHoldfastError(error) && error.code !== 'interrupted')
        await noteFailure(node.directory, error, options);
      throw error;
    });
  await noteConnection(node.directory, connection, options);
  try {
    if (!node.isOwn) return connection;
    // A certificate that is not shown opens no door, that to a new one neither.
    if (node.clientPolicy.presentCertificate && node.needsRenewal(options.clock))
      await tryToRenew(node, connection, options);
    else await mendExports(node, options.log);
    return connection;
  } catch (error) {
    connection[Symbol.dispose]();
    throw error;
  }
}

/** Makes a line bear failures for as long as the policy of this machine says. */
export function bearAsSaid(line: Line, { clientPolicy }: Node): void {
  const longestMs = parseDuration(clientPolicy.retryFor);
  if (longestMs !== undefined) line.bearFor(longestMs);
}

/** What is wrong with the certificate itself would keep everything else from working too. */
async function tryToRenew(node: Node, connection: Connection, options: RenewalOptions): Promise<void> {
  try {
    await renewNode(node, connection, options);
    // What is kept open was opened with the certificate of before.
    connection.dialer.close();
  } catch (error) {
    const opensNoDoor = node.isIssuerRevoked;
    if (!isHoldfastError(error) || error.code.startsWith('certificate_') || opensNoDoor) throw error;
    const until = node.certificate.notAfter.toISOString();
    options.log.warn('the certificate is not renewed yet', { until, error });
  }
}

/** With the line of this connection. */
interface DialOptions extends ConnectOptions {
  readonly line: Line;
}

/** Where none of the servers that the node knows is its server, it asks at the stable address where they are now. */
async function dialAny(node: Node, options: DialOptions): Promise<Connection> {
  const { servers = node.state.servers, signal } = options;
  const known = await dialFirst(node, servers, options);
  if (known instanceof Connection) return known;
  // Where nobody has to prove anything, whoever answers at that address would say where this machine sends its backups.
  if (options.servers !== undefined || !node.clientPolicy.verifyServer) throw known;
  const others = (await movedServers(node.state.statusAddress, signal)).filter(
    (server) => !servers.includes(server),
  );
  const found = others.length === 0 ? known : await dialFirst(node, others, options);
  if (isHoldfastError(found, 'authority_superseded')) throw found;
  if (!(found instanceof Connection)) throw known;
  options.log.info('the servers have moved', { to: found.server });
  // The one that has proved to be one: the others are the word of whoever answered, and the next renewal names them all.
  await node.updateState({ servers: [found.server, ...servers].slice(0, maxServers) });
  return found;
}

/** The first that proves to be a server of the network, and no copy of before a restore; or why there is none. */
async function dialFirst(
  node: Node,
  servers: readonly string[],
  { clock, log, signal, line }: DialOptions,
): Promise<Connection | HoldfastError> {
  const failures: HoldfastError[] = [];
  for (const server of servers) {
    const dialer = dialerOf(node, { clock, log });
    try {
      const socket = await dialer.connect(server, { signal });
      socket.end();
      await learnFromServer(node, { server, dialer, clock, log, signal });
      return new Connection(node, server, { dialer, line, log });
    } catch (error) {
      dialer.close();
      if (!isHoldfastError(error) || isHoldfastError(error, 'interrupted')) throw error;
      failures.push(error);
    }
  }
  // Who answers at an address that was the server's says more than that nobody does at the others.
  const strange = failures.find((failure) => !isUnheard(failure));
  return strange ?? unreachable(failures);
}

/**
 * Dials as this machine's policy says, and by the bearer token that it holds where it shows no certificate.
 * @throws HoldfastError `settings_invalid` when the policy says what cannot be, `bearer_required` where there is neither
 */
export function dialerOf(
  node: Node,
  { clock, log }: Pick<RenewalOptions, 'clock' | 'log'>,
  {
    policy = node.clientPolicy,
    token = heldToken(node.keystore),
    storageNode,
  }: {
    readonly policy?: ClientPolicy;
    readonly token?: Secret<string> | undefined;
    /** The one storage node that the other end may be; a server of the network unless said. */
    readonly storageNode?: string;
  } = {},
): TlsDialer {
  const { bundle, credentials, directory, identity } = node;
  if (!policy.presentCertificate && token === undefined) throw nothingToShow();
  const { revocation: mode } = policy;
  const revocation =
    mode === 'off'
      ? undefined
      : new ServerRevocation({ mode, file: verdictFile(directory, log), clock, log });
  const authorization = token && bearerHeader(token, identity.name);
  const tells = tellOf(policy);
  const wanted = storageNode === undefined ? {} : { roles: ['storage' as const], name: storageNode };
  return new TlsDialer({ bundle, credentials, authorization, clock, policy, revocation, tells, ...wanted });
}

/** What a server is told with each request, to show it to whoever administers. */
function tellOf(policy: ClientPolicy): Readonly<Record<string, string>> {
  const weaker = tellClientPolicy(policy);
  return {
    'user-agent': `holdfast/${programVersion()}`,
    ...(weaker !== undefined && { [clientPolicyHeader]: weaker }),
  };
}

function nothingToShow(): HoldfastError {
  return new HoldfastError(
    'bearer_required',
    'this machine shows no certificate (presentCertificate off), and holds no bearer token to show in its place',
    {
      hint: 'take one of: holdfast token create --bearer NAME, at the server, by: holdfast client set-token; or holdfast client set presentCertificate on',
    },
  );
}

const maxServers = 100;

function unreachable(failures: readonly HoldfastError[]): HoldfastError {
  const likeliest = mostHopeful(failures);
  return new HoldfastError(
    likeliest?.code ?? 'connection_refused',
    failures.map(({ message }) => message).join('; '),
    {
      cause: likeliest,
      hint: 'is the server up? holdfast serve starts it there; holdfast doctor says what is in the way',
    },
  );
}

/** Seals a password so that only the holder of the recovery kit can read it (age, age-encryption.org/v1). */
export async function sealPassword(password: Secret<string>, recipient: string): Promise<Bytes> {
  // Once in the life of a repository: no other command waits for the curves to be made ready.
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return encrypter.encrypt(password.reveal());
}

const askPatienceMs = 10 * secondMs;
const maxAnswerBytes = 64 * 1024;

const ServersAnswer = Type.Object({
  servers: Type.Array(Type.String({ pattern: '^https://[A-Za-z0-9._:\\[\\]-]+$', maxLength: 300 }), {
    maxItems: 100,
  }),
});

/**
 * Where the servers of a network are now, as its stable status address says; nothing when it does not say. Anybody on
 * the way could answer: what is at these addresses still has to prove that it is a server of the network.
 */
async function movedServers(statusAddress: string, signal: AbortSignal): Promise<readonly string[]> {
  try {
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(askPatienceMs)]);
    const url = new URL(`${statusAddress}/-/status/servers`);
    const answer = await askHttp({ method: 'GET', url, agent: false, signal: timeout });
    const text = await receiveText(answer, maxAnswerBytes);
    const value: unknown = isHttpSuccess(answer) ? JSON.parse(text) : undefined;
    return Check(ServersAnswer, value) ? value.servers : [];
  } catch {
    signal.throwIfAborted();
    return [];
  }
}
