import type { Roster } from '../../authority/index.ts';
import { type Clock, HoldfastError, isHoldfastError, type Log, secondMs } from '../../base/index.ts';
import type { StorageReport } from '../../enrol/index.ts';
import { addressesOf, type ListenerPolicy, portsOf } from '../../policy/index.ts';
import { type Credentials, Hot, noBindings } from '../../transport/index.ts';
import type { TrustBundle } from '../../trust/index.ts';
import { ClientLedger } from '../client-ledger.ts';
import { keepGoing } from '../follow-decisions.ts';
import { GuardedStore } from '../guarded-store.ts';
import { removalJudge } from '../judge-removal.ts';
import { LetIn } from '../let-in.ts';
import { nodeNameOf, Replicas, type ReplicasOptions } from '../replicas/replicas.ts';
import { jsonReply } from '../reply.ts';
import { answerBy, routedService, storageService } from '../service.ts';
import { startServer } from '../start-server.ts';
import { createStorageHandler } from '../storage-handler.ts';
import { localNamespaces } from '../storage-path.ts';
import { StoreMeter } from '../store-meter.ts';
import { type StorePlace, storeWatch } from '../store-place.ts';
import { StoreTrash } from '../store-trash.ts';
import type { KeptView } from './kept-view.ts';
import { nodeRules } from './node-rules.ts';

export interface StorageNodeOptions {
  readonly view: KeptView;
  /** Which store it is, and what clients store and do. */
  readonly roster: Roster;
  readonly bundle: Hot<TrustBundle>;
  readonly credentials: Hot<Credentials>;
  readonly listeners: readonly ListenerPolicy[];
  /** Host names and addresses of this node, best first. */
  readonly names: readonly string[];
  readonly store: StorePlace;
  /** Where is kept how far copies and scrub have come. */
  readonly replication: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** A storage node that answers. */
export interface StorageNodeServer extends AsyncDisposable {
  /** `https://host:port` of the listeners with storage, best first. */
  readonly urls: readonly string[];
  /** How it is, for the server of its network. */
  report(): Promise<Omit<StorageReport, 'version' | 'viewMade'>>;
}

const upkeepEveryMs = 5 * secondMs;

/**
 * Opens every listener, or none. A storage node has repositories and nothing else: who comes, and what each may, is what the view
 * of its network says, which somebody else brings it ({@link KeptView.take}).
 * @throws HoldfastError `port_in_use`, `settings_invalid`
 */
export async function startStorageNode(options: StorageNodeOptions): Promise<StorageNodeServer> {
  const { view, roster, bundle, listeners, names, store, clock, log } = options;
  checkProved(listeners);
  const { directory } = store;
  const check = (forWhat?: 'change'): Promise<void> => store.check(forWhat);
  const rules = nodeRules(view, roster, log);
  const watchStore = storeWatch(store, log);
  await watchStore();
  await using opened = new AsyncDisposableStack();
  const meter = new StoreMeter({ directory, clock, log });
  opened.defer(() => meter.close());
  const ledger = new ClientLedger({ authority: rules, directory, log });
  opened.defer(async () => {
    await ledger.close();
    await ledger.flush();
  });
  const storeFor = localNamespaces(directory, check, { now: () => view.time(), judge: removalJudge(rules) });
  const replicas = opened.use(await Replicas.open(replicating(options, rules, storeFor)));
  const storage = createStorageHandler({
    replicas,
    storeFor: (namespace) =>
      new GuardedStore(storeFor(namespace), {
        bounds: () => rules.clients.boundsOf(namespace.client),
        account: ledger.account(namespace.client),
      }),
    told: (client) => ledger.told(client),
    onEvent(event) {
      meter.stored(event);
      replicas.stored(event);
    },
    log,
  });
  opened.use(
    await startServer({
      ...options,
      bindings: new Hot(noBindings),
      services: [storageService(storage, { appendOnly: false }), routedService('status', health(options))],
      peers: {
        bundle,
        issuings: () => view.issuings,
        isGood: (_, der) => view.isGood(der),
        watch: (recheck) => view.watch(recheck),
      },
      noteRefusal: () => {},
      letIn: new LetIn(clock, log),
    }),
  );
  const trash = new StoreTrash({ directory, check, authority: rules });
  const upkeep = (): Promise<unknown> =>
    Promise.all([watchStore(), trash.upkeep(log), replicas.upkeep(), ledger.upkeep()]);
  opened.defer(keepGoing(upkeep, { everyMs: upkeepEveryMs, log }));
  const running = opened.move();
  return {
    urls: addressesOf(listeners, ['storage'], names).map((address) => `https://${address}`),
    report: () => reportOf(options, { meter, replicas }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** What the copies of a storage node go by: the view of its network. */
function replicating(
  { view, bundle, credentials, store, replication, log }: StorageNodeOptions,
  authority: ReplicasOptions['authority'],
  storeFor: ReplicasOptions['storeFor'],
): ReplicasOptions {
  return {
    self: nodeNameOf(credentials.current),
    rules: async () => (view.current?.replications ?? []).map(({ rate, ...rule }) => ({ ...rule, rate })),
    nodes: async () => view.current?.nodes ?? [],
    bundle,
    credentials,
    directory: store.directory,
    check: (forWhat) => store.check(forWhat),
    recordsPath: replication,
    storeFor,
    authority,
    clock: { now: () => view.time() },
    log: log.child({ part: 'replicas' }),
  };
}

async function reportOf(
  { listeners, store }: StorageNodeOptions,
  { meter, replicas }: { readonly meter: StoreMeter; readonly replicas: Replicas },
): Promise<Omit<StorageReport, 'version' | 'viewMade'>> {
  const [port = 0] = portsOf(listeners, ['storage']);
  const problem = await store.problem();
  const concerns = problem === undefined ? await replicas.concerns() : [];
  const figures = new Map((await meter.measure()).map(({ name, value }) => [name, value]));
  const figure = (field: string, name: string): Readonly<Record<string, number>> => {
    const value = figures.get(name);
    return value === undefined ? {} : { [field]: value };
  };
  return {
    port,
    ...(problem !== undefined && { problem: problem.message.slice(0, maxProblem) }),
    ...(concerns.length > 0 && { attention: textOf(concerns) }),
    ...figure('capacity', 'holdfast_store_capacity_bytes'),
    ...figure('free', 'holdfast_store_free_bytes'),
    ...figure('stored', 'holdfast_store_size_bytes'),
  };
}

const maxProblem = 500;

function textOf(concerns: readonly { readonly text: string }[]): string {
  return concerns
    .map(({ text }) => text)
    .join('; ')
    .slice(0, maxProblem);
}

/** That it is there, and whether it takes anything. */
function health({ view, log }: StorageNodeOptions) {
  return answerBy({
    log,
    noteRefusal: () => {},
    handle({ path }) {
      if (path !== '/-/health')
        throw new HoldfastError('operation_unknown', 'a storage node has no such address');
      return jsonReply({ status: 'ok', network: view.current?.network ?? null, takes: takes(view) });
    },
  });
}

function takes(view: KeptView): boolean {
  try {
    view.checkFresh();
    return true;
  } catch (error) {
    if (isHoldfastError(error, 'view_expired')) return false;
    throw error;
  }
}

/** Nobody comes to a storage node by anything but his certificate. @throws HoldfastError `settings_invalid` */
function checkProved(listeners: readonly ListenerPolicy[]): void {
  const open = listeners.find(
    ({ services, clientCertificate, kind }) =>
      services.includes('storage') && (kind === 'plain' || clientCertificate !== 'require'),
  );
  if (open === undefined) return;
  throw new HoldfastError(
    'settings_invalid',
    `listener ${open.name}: a storage node serves repositories to certificates alone`,
    { hint: 'set kind = "tls" and client_certificate = "require" for it' },
  );
}
