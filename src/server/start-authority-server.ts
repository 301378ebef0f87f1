import { join } from 'node:path';
import { type AdminContext, clientsOnPlain, type ListenerView, plainClientsError } from '../admin/index.ts';
import type { Authority } from '../authority/index.ts';
import {
  type Clock,
  type HoldfastError,
  isHoldfastError,
  type Log,
  minuteMs,
  secondMs,
} from '../base/index.ts';
import type { Notifier } from '../notice/index.ts';
import {
  addressesOf,
  type ListenerPolicy,
  namesForCodes,
  namesToTell,
  type Service,
  urlHost,
  weakerThanDefault,
  withNetworkListeners,
} from '../policy/index.ts';
import { arrivalOf } from '../storage/index.ts';
import { type Credentials, Hot, type TlsBindings, TokenGate } from '../transport/index.ts';
import type { TrustBundle } from '../trust/index.ts';
import { listenOnSocket } from './admin-socket.ts';
import { AgentReports } from './agents/agent-reports.ts';
import { ClientLedger } from './client-ledger.ts';
import { checkpointHearer } from './dispatch.ts';
import { DownloadLimit } from './download-limit.ts';
import { EnrolLimit } from './enrol-limit.ts';
import { followDecisions, followPolicy, keepGoing, watchOutside, watchStanding } from './follow-decisions.ts';
import { clearGrants } from './grants/clear-grants.ts';
import { GrantGate } from './grants/grant-gate.ts';
import { GuardedStore } from './guarded-store.ts';
import { removalJudge } from './judge-removal.ts';
import { type LearnSnapshotsOptions, learnSnapshots } from './learn-snapshots.ts';
import { LetIn } from './let-in.ts';
import { Metrics } from './metrics.ts';
import { OrderDesk } from './orders/order-desk.ts';
import { type NoteRefusal, refusalNoter } from './refuse.ts';
import { nodeNameOf, Replicas, type ReplicasOptions } from './replicas/replicas.ts';
import { createApplication, routedService, storageService } from './service.ts';
import { Sightings } from './sightings.ts';
import { type PeerDirectory, startServer } from './start-server.ts';
import { postedOcsp } from './status-routes.ts';
import { createStorageHandler } from './storage-handler.ts';
import { localNamespaces } from './storage-path.ts';
import { StoreMeter } from './store-meter.ts';
import { type StorePlace, storeWatch } from './store-place.ts';
import { StoreTrash } from './store-trash.ts';
import { TicketGate } from './ticket-gate.ts';
import { shownCertificates } from './tls-bindings.ts';
import { ViewDesk } from './views/view-desk.ts';
import { networkConcerns } from './watch-network.ts';

/** A server that has an authority, and all that one offers. */
export interface AuthorityServerOptions {
  readonly authority: Authority;
  readonly admin: Omit<
    AdminContext,
    'listeners' | 'listenerSettings' | 'enrolAddresses' | 'letIn' | 'scrub' | 'replicas'
  >;
  readonly listeners: readonly ListenerPolicy[];
  readonly credentials: Hot<Credentials>;
  /** What is shown instead for certain hosts or listeners. */
  readonly bindings: Hot<TlsBindings>;
  /** Host names and addresses of this server, best first. */
  readonly names: readonly string[];
  /** Where repositories are kept. */
  readonly store: StorePlace;
  /** Where is kept how far copies and scrub have come. */
  readonly replication: string;
  readonly socketPath: string;
  /** Who tells of what needs attention. */
  readonly notifier: Pick<Notifier, 'pass'>;
  readonly clock: Clock;
  readonly log: Log;
}

const maintainEveryMs = 5 * secondMs;
const mirrorPatienceMs = 10 * secondMs;

/** A server that answers. */
export interface RunningServer extends AsyncDisposable {
  /** `https://host:port` of the listeners with storage and control, best first; for this machine, loopback names too. */
  readonly urls: readonly string[];
  /** Resolves when the authority may not work any more, with why: the server is to be closed then. */
  readonly ended: Promise<HoldfastError>;
  /**
   * Brings the listeners to what `policies` say, while transfers go on. See `OpenListeners.use`.
   * @throws HoldfastError `port_in_use`, `settings_invalid`; the listeners are those of before then
   */
  useListeners(policies: readonly ListenerPolicy[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens every listener and the administration socket, or none: when one cannot be opened the others are closed again.
 * @throws HoldfastError `port_in_use`, `settings_invalid`, `authority_restored`, `authority_superseded`, `authority_retired`
 */
export async function startAuthorityServer(options: AuthorityServerOptions): Promise<RunningServer> {
  const { authority, names, store, clock, log } = options;
  /** As the settings say, and as they are in effect. */
  const settings = new Hot(options.listeners);
  const inEffect = (listeners: readonly ListenerPolicy[]): ListenerPolicy[] =>
    withNetworkListeners(listeners, authority.policy.current.listeners);
  const policies = new Hot<readonly ListenerPolicy[]>(inEffect(options.listeners));
  const toldUrls = (listeners: readonly ListenerPolicy[]): string[] =>
    nodeUrls(listeners, namesToTell(names));
  const servers = new Hot(toldUrls(policies.current));
  // One whose mirrors know of a newer copy must not answer even once.
  if (authority.mirrors.configured) await authority.mirrors.flush(mirrorPatienceMs);
  authority.checkStanding();
  await authority.maintain(log);
  const watchStore = storeWatch(store, log);
  await watchStore();
  const tokens = new TokenGate({
    findToken: (sha256) => authority.bearerTokens.find(sha256),
    limit: new EnrolLimit(clock),
    clock,
    log,
  });
  const meter = new StoreMeter({ directory: store.directory, clock, log });
  const bound = () => ({
    shown: shownCertificates(options.bindings.current),
    isUnread: options.admin.bindingProblem() !== undefined,
  });
  const check = (forWhat?: 'change'): Promise<void> => store.check(forWhat);
  const storeFor = localNamespaces(store.directory, check, {
    now: () => authority.time(),
    judge: removalJudge(authority),
  });
  await using opened = new AsyncDisposableStack();
  const peers = peerDirectory(authority, tokens, log);
  const replicas = opened.use(await Replicas.open(replicating(options, peers.bundle, storeFor)));
  const metrics = new Metrics({ authority, meters: [meter, replicas], bound, clock });
  const letIn = new LetIn(clock, log, (listener, cause) => metrics.letIn(listener, cause));
  const sightings = new Sightings({
    // One that was moved away is the one of its last backup, and stays so.
    keep: async (seen) => (authority.standing === 'ready' ? await authority.nodes.note(seen) : undefined),
    clock,
    log,
  });
  const reports = new AgentReports({
    nodes: authority.nodes,
    arrivalOf: (client, name) => arrivalOf(join(store.directory, client), { type: 'snapshots', name }),
    clock,
    log,
  });
  const keepRefusal = refusalNoter(authority, (socket) => tokens.identityOf(socket), log);
  const noteRefusal: NoteRefusal = (socket, error) => {
    metrics.refused(isHoldfastError(error) ? error.code : 'internal');
    keepRefusal(socket, error);
  };
  const tickets = new TicketGate({
    node: names[0] ?? '',
    port: () => (authority.policy.current.dataChannel === 'plain' ? plainPort(policies.current) : undefined),
    where: () => servers.current[0],
    clock,
  });
  const trash = new StoreTrash({ directory: store.directory, check, authority });
  const orders = opened.use(new OrderDesk({ authority, log }));
  const grants = opened.use(new GrantGate({ authority, clock, log }));
  const views = opened.use(new ViewDesk({ authority, clock, log }));
  const application = createApplication({
    authority,
    admin: {
      ...options.admin,
      scrub: replicas.scrub,
      replicas: replicas.copies,
      get listeners() {
        return policies.current.map((policy) => viewOf(policy, names));
      },
      get listenerSettings() {
        return settings.current;
      },
      letIn: () => letIn.list(),
      get enrolAddresses() {
        return addressesOf(policies.current, ['enrol'], namesForCodes(names));
      },
    },
    servers: () => servers.current,
    enrolLimit: new EnrolLimit(clock),
    downloads: new DownloadLimit(),
    orders,
    views,
    tickets,
    reports,
    trash,
    noteRefusal,
    metrics,
    log,
  });
  const ledger = new ClientLedger({ authority, directory: store.directory, log });
  const storage = createStorageHandler({
    storeFor: (namespace) =>
      new GuardedStore(storeFor(namespace), {
        bounds: () => authority.clients.boundsOf(namespace.client),
        account: ledger.account(namespace.client),
      }),
    grants,
    replicas,
    told: (client) => ledger.told(client),
    noteRefusal,
    onEvent(event) {
      const { namespace, method, type, status, isReplacement } = event;
      metrics.stored(event);
      meter.stored(event);
      replicas.stored(event);
      const isSnapshot = type === 'snapshots' && method === 'POST' && status === 200;
      const isOwn = namespace !== undefined && namespace.origin === undefined;
      if (isOwn && isSnapshot && !isReplacement) sightings.seeSnapshot(namespace.client);
    },
    log,
  });
  const keepReports = async (): Promise<void> => {
    if (authority.standing === 'ready') await reports.flush();
  };
  opened.defer(() => sightings.flush('all'));
  opened.defer(() => keepReports());
  opened.defer(async () => {
    await ledger.close();
    if (authority.standing === 'ready') await ledger.flush();
  });
  opened.defer(() => meter.close());
  opened.defer(goThrough(authority, { directory: store.directory, storeFor, log }));
  const server = opened.use(
    await startServer({
      ...options,
      listeners: policies.current,
      services: [
        storageService(storage, { appendOnly: false }),
        ...(['control', 'enrol', 'status'] as const).map((name) => routedService(name, application)),
      ],
      peers,
      posts: postedOcsp(authority),
      hear: (gate) => checkpointHearer(authority, gate),
      noteRefusal,
      letIn,
      sightings,
      metrics,
      tickets,
      whereIs: (service, to) => {
        const secure = policies.current.filter(({ kind }) => kind === 'tls');
        const isForAnybody = to === 'ours' || service === 'enrol' || service === 'status';
        // The port for administration, where it is one of its own, is nothing to tell strangers.
        const offers: readonly Service[] = isForAnybody ? [service] : [service, ...forNodes];
        const [address] = addressesOf(secure, offers, namesToTell(names));
        return address && `https://${address}`;
      },
      isPlainClosed: () => authority.policy.current.tlsOnly !== 'off',
    }),
  );
  opened.use(await listenOnSocket(options.socketPath, authority.network, application, log));
  // One that was moved away is the one of its last backup, and stays so.
  const keepLedger = async (): Promise<void> => {
    if (authority.standing === 'ready') await ledger.upkeep();
  };
  const concerns = watcher(options, replicas);
  opened.defer(() => concerns.close());
  const upkeep = (): Promise<unknown> => {
    concerns.look();
    return Promise.all([
      authority.maintain(log),
      watchStore(),
      sightings.flush('due'),
      keepReports(),
      trash.upkeep(log),
      replicas.upkeep(),
      keepLedger(),
      clearGrants({ authority, directory: store.directory, check, log }),
    ]);
  };
  opened.defer(keepGoing(upkeep, { everyMs: maintainEveryMs, log }));
  opened.use(watchOutside(authority, log));
  opened.defer(authority.mirrors.keepUp(log));
  const watch = opened.use(watchStanding(authority, log));
  const useListeners = async (listeners: readonly ListenerPolicy[]): Promise<void> => {
    const next = inEffect(listeners);
    await checkPlainGone(authority, policies.current, next);
    await server.useListeners(next);
    settings.replace(listeners);
    policies.replace(next);
    servers.replace(toldUrls(next));
  };
  await sayPlainGone(authority, policies.current, log);
  opened.use(followPolicy(authority, () => useListeners(settings.current), log));
  const running = opened.move();
  const close = (): Promise<void> => running.disposeAsync();
  return {
    get urls() {
      return nodeUrls(policies.current, names);
    },
    ended: watch.ended,
    useListeners,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** What the copies of a server go by. */
function replicating(
  { authority, credentials, store, replication, log }: AuthorityServerOptions,
  bundle: Hot<TrustBundle>,
  storeFor: ReplicasOptions['storeFor'],
): ReplicasOptions {
  return {
    self: nodeNameOf(credentials.current),
    rules: () => authority.replications.list(),
    nodes: () => authority.storageNodes.list(),
    bundle,
    credentials,
    directory: store.directory,
    check: (forWhat) => store.check(forWhat),
    recordsPath: replication,
    storeFor,
    authority,
    clock: { now: () => authority.time() },
    log: log.child({ part: 'replicas' }),
  };
}

/** What needs attention is looked for so often. */
const watchEveryMs = minuteMs;

/** Looks for what needs attention, beside all else: a mail server that is slow keeps nobody waiting. */
function watcher(
  { authority, notifier, clock, log }: AuthorityServerOptions,
  replicas: Pick<Replicas, 'concerns'>,
): {
  look(): void;
  close(): Promise<void>;
} {
  const ended = new AbortController();
  const sinceMs = clock.now();
  let lookedMs = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;
  const look = async (nowMs: number): Promise<void> => {
    await notifier
      .pass(
        async () => [
          ...(await networkConcerns(authority, { nowMs, sinceMs })),
          ...(await replicas.concerns()),
        ],
        ended.signal,
      )
      .catch((error: unknown) => {
        if (!ended.signal.aborted) log.warn('nobody could be told of the nodes', { error });
      });
    looking = undefined;
  };
  return {
    look() {
      const nowMs = clock.now();
      if (authority.standing !== 'ready' || looking !== undefined) return;
      if (Math.abs(nowMs - lookedMs) < watchEveryMs) return;
      lookedMs = nowMs;
      looking = look(nowMs);
    },
    async close() {
      ended.abort();
      await looking;
    },
  };
}

function peerDirectory(authority: Authority, tokens: TokenGate, log: Log): PeerDirectory {
  const bundle = new Hot(authority.trustBundle);
  const changed = (recheck: () => Promise<void>) => async (): Promise<void> => {
    bundle.replace(authority.trustBundle);
    await recheck();
  };
  return {
    bundle,
    issuings: () => authority.issuings,
    tokens,
    isGood: (serial, der) => authority.isGood(serial, der),
    isRenewable: (serial, der) => authority.isRenewable(serial, der),
    watch: (recheck) => followDecisions(authority, changed(recheck), log),
  };
}

/** Learns what is in the store, until the returned function is called. */
function goThrough(
  { nodes }: Authority,
  options: Omit<LearnSnapshotsOptions, 'nodes' | 'signal'>,
): () => Promise<void> {
  const ended = new AbortController();
  const learning = learnSnapshots({ ...options, nodes, signal: ended.signal });
  return async () => {
    ended.abort();
    await learning;
  };
}

/** A listener as `status` shows it. */
export function viewOf(policy: ListenerPolicy, names: readonly string[]): ListenerView {
  const { name, kind, services, clientCertificate, minimumVersion, groups, address } = policy;
  const scheme = kind === 'tls' ? 'https' : 'http';
  return {
    name,
    url: `${scheme}://${urlHost(names[0] ?? 'localhost')}:${address.port}`,
    services,
    clientCertificate,
    ...(kind === 'tls' && { minimumVersion, groups }),
    weaker: weakerThanDefault(policy),
  };
}

/**
 * Refuses listeners by which a plain port goes away that clients were seen on, unless the network has decided to do without.
 * @throws HoldfastError `clients_on_plain`
 */
async function checkPlainGone(
  authority: Authority,
  before: readonly ListenerPolicy[],
  next: readonly ListenerPolicy[],
): Promise<void> {
  const plainNames = (listeners: readonly ListenerPolicy[]): string[] =>
    listeners.flatMap(({ kind, name }) => (kind === 'plain' ? [name] : []));
  const left = plainNames(next);
  const gone = plainNames(before).filter((name) => !left.includes(name));
  if (gone.length === 0 || authority.policy.current.tlsOnly === 'on') return;
  const clients = await clientsOnPlain(authority, gone);
  if (clients.length > 0)
    throw plainClientsError(
      clients,
      'where they can do without: holdfast policy set tls-only on --yes, then again',
    );
}

/** A server that starts is up for everybody else, whoever misses its plain port. */
async function sayPlainGone(
  authority: Authority,
  listeners: readonly ListenerPolicy[],
  log: Log,
): Promise<void> {
  if (authority.policy.current.tlsOnly === 'on' || listeners.some(({ kind }) => kind === 'plain')) return;
  const clients = await clientsOnPlain(authority);
  if (clients.length > 0)
    log.warn('there is no plain port, and clients were seen on one within 30 days', { clients });
}

/** The first port that packs can come to without TLS. */
function plainPort(policies: readonly ListenerPolicy[]): number | undefined {
  return policies.find(({ kind }) => kind === 'plain')?.address.port;
}

/** What nodes come for: anybody is told where a listener offers all of it. */
const forNodes: readonly Service[] = ['storage', 'control'];

/** Where nodes go, under each of the names. */
function nodeUrls(policies: readonly ListenerPolicy[], names: readonly string[]): string[] {
  return addressesOf(policies, forNodes, names).map((address) => `https://${address}`);
}
