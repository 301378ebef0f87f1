import type { Socket } from 'node:net';
import type { AdminContext, ListenerView } from '../admin/index.ts';
import type { Authority } from '../authority/index.ts';
import { type Clock, type HoldfastError, type Log, secondMs } from '../base/index.ts';
import { type ListenerPolicy, namesToTell, weakerThanDefault } from '../policy/index.ts';
import {
  type Credentials,
  type Greeting,
  Hot,
  type Listener,
  listen,
  PeerGate,
  serveHttp,
  type TlsBindings,
} from '../transport/index.ts';
import { listenOnSocket } from './admin-socket.ts';
import { answerPosts } from './answer-posts.ts';
import { createApplication } from './application.ts';
import { createDispatcher, type Destinations } from './dispatch.ts';
import { EnrolLimit } from './enrol-limit.ts';
import { checkpointHearer } from './hear-checkpoint.ts';
import { listenerHttp } from './listener-http.ts';
import { refusalNoter } from './note-refusal.ts';
import { postedOcsp } from './ocsp-routes.ts';
import { createStorageHandler } from './storage-handler.ts';
import { localNamespaces } from './storage-namespaces.ts';
import { type StorePlace, storeWatch } from './store-place.ts';
import { watchStanding } from './watch-standing.ts';

export interface ServerOptions {
  readonly authority: Authority;
  readonly admin: Omit<AdminContext, 'listeners'>;
  readonly listeners: readonly ListenerPolicy[];
  readonly credentials: Hot<Credentials>;
  /** What is shown instead for certain hosts or listeners. */
  readonly bindings: Hot<TlsBindings>;
  /** Host names and addresses of this server, best first. */
  readonly names: readonly string[];
  /** Where repositories are kept. */
  readonly store: StorePlace;
  readonly socketPath: string;
  readonly clock: Clock;
  readonly log: Log;
}

const maintainEveryMs = 5 * secondMs;
const mirrorPatienceMs = 10 * secondMs;

/** A server that answers. */
export interface RunningServer extends AsyncDisposable {
  readonly listeners: readonly ListenerView[];
  /** `https://host:port` of the listeners with storage and control, best first; for this machine, loopback names too. */
  readonly urls: readonly string[];
  /** Resolves when the authority may not work any more, with why: the server is to be closed then. */
  readonly ended: Promise<HoldfastError>;
  close(): Promise<void>;
}

/**
 * Opens every listener and the administration socket, or none: when one cannot be opened the others are closed again.
 * @throws HoldfastError `port_in_use`, `settings_invalid`, `authority_restored`, `authority_superseded`, `authority_retired`
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { authority, listeners: policies, names, store, clock, log } = options;
  // One whose mirrors know of a newer copy must not answer even once.
  if (authority.mirrors.configured) await authority.mirrors.flush(mirrorPatienceMs);
  authority.checkStanding();
  await authority.maintain(log);
  const watchStore = storeWatch(store, log);
  await watchStore();
  const views = policies.map((policy) => viewOf(policy, names));
  const urls = nodeUrls(policies, names);
  const noteRefusal = refusalNoter(authority, log);
  const application = await createApplication({
    authority,
    admin: { ...options.admin, listeners: views },
    servers: nodeUrls(policies, namesToTell(names)),
    enrolLimit: new EnrolLimit(clock),
    noteRefusal,
    log,
  });
  const gate = new PeerGate({
    bundle: new Hot(authority.trustBundle),
    issuings: () => authority.issuings,
    isGood: (serial, certificate) => authority.isGood(serial, certificate),
    isRenewable: (certificate) => authority.isRenewable(certificate),
    clock,
    log,
  });
  const destinations: Destinations = {
    gate,
    hear: checkpointHearer(authority, gate),
    storage: createStorageHandler({
      storeFor: localNamespaces(store.directory, (forWhat) => store.check(forWhat)),
      noteRefusal,
      log,
    }),
    application: application.handle,
    noteRefusal,
    log,
  };
  await using opened = new AsyncDisposableStack();
  opened.defer(application.close);
  opened.defer(authority.revocation.watch(() => void destinations.gate.recheck()));
  for (const policy of policies) opened.use(await openListener(policy, options, destinations));
  opened.use(await listenOnSocket(options.socketPath, authority.network, application, log));
  opened.defer(keepGoing(() => Promise.all([authority.maintain(log), watchStore()])));
  opened.defer(authority.mirrors.keepUp(log));
  const watch = watchStanding(authority);
  opened.defer(() => watch.stop());
  const running = opened.move();
  const close = (): Promise<void> => running.disposeAsync();
  return { listeners: views, urls, ended: watch.ended, close, [Symbol.asyncDispose]: close };
}

/** Does `upkeep` again and again until the returned function is called, which waits for what is under way. */
function keepGoing(upkeep: () => Promise<unknown>): () => Promise<void> {
  let current: Promise<unknown> = Promise.resolve();
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    current = upkeep().finally(() => {
      busy = false;
    });
  }, maintainEveryMs).unref();
  return async () => {
    clearInterval(timer);
    await current;
  };
}

async function openListener(
  policy: ListenerPolicy,
  { authority, credentials, bindings, log }: ServerOptions,
  destinations: Destinations,
): Promise<Listener> {
  const http = serveHttp(listenerHttp(policy, createDispatcher(policy, destinations)));
  // A plain listener has nothing but what everybody may know.
  const onConnection = policy.kind === 'plain' ? answerPosts(postedOcsp(authority), http) : http;
  const greet = (socket: Socket): Promise<Greeting> =>
    destinations.gate.greet(socket, (refusal) => destinations.noteRefusal(socket, refusal));
  return listen({ policy, credentials, bindings, onConnection, greet, log });
}

function viewOf(policy: ListenerPolicy, names: readonly string[]): ListenerView {
  const { name, kind, services, clientCertificate, address } = policy;
  const scheme = kind === 'tls' ? 'https' : 'http';
  return {
    name,
    url: `${scheme}://${hostPart(names[0] ?? 'localhost')}:${address.port}`,
    services,
    clientCertificate,
    weaker: weakerThanDefault(policy),
  };
}

/** Where nodes go, under each of the names. */
function nodeUrls(policies: readonly ListenerPolicy[], names: readonly string[]): string[] {
  const ports = policies
    .filter(({ services }) => services.includes('storage') && services.includes('control'))
    .map(({ address }) => address.port);
  return ports.flatMap((port) => names.map((name) => `https://${hostPart(name)}:${port}`));
}

function hostPart(name: string): string {
  return name.includes(':') ? `[${name}]` : name;
}
