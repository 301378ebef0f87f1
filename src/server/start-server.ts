import type { Socket } from 'node:net';
import type { Clock, Log } from '../base/index.ts';
import type { ListenerPolicy } from '../policy/index.ts';
import {
  type Credentials,
  type Greeting,
  type Hot,
  type ListenerWork,
  listen,
  PeerGate,
  type PeerGateOptions,
  serveHttp,
  type TlsBindings,
} from '../transport/index.ts';
import { answerPosts, type PostService } from './answer-posts.ts';
import { createDispatcher, type Destinations, type HearCheckpoint } from './dispatch.ts';
import type { LetIn } from './let-in.ts';
import type { Metrics } from './metrics.ts';
import { type ListenerOpener, listenerHttp, OpenListeners } from './open-listeners.ts';
import type { NoteRefusal } from './refuse.ts';
import type { ServerService } from './service.ts';
import type { Sightings } from './sightings.ts';
import type { TicketGate } from './ticket-gate.ts';

/** Who is of the network and good: what a server has to know of an authority, be it its own or one elsewhere. */
export interface PeerDirectory
  extends Pick<PeerGateOptions, 'bundle' | 'issuings' | 'isGood' | 'isRenewable' | 'tokens'> {
  /** Calls back whenever somebody may not be good any more, until it is disposed of. */
  readonly watch: (changed: () => Promise<void>) => AsyncDisposable;
}

export interface ServerOptions {
  readonly listeners: readonly ListenerPolicy[];
  readonly services: readonly ServerService[];
  readonly peers: PeerDirectory;
  readonly credentials: Hot<Credentials>;
  /** What is shown instead for certain hosts or listeners. */
  readonly bindings: Hot<TlsBindings>;
  /** Small requests that come by the thousand, on plain listeners. */
  readonly posts?: PostService;
  readonly noteRefusal: NoteRefusal;
  /** Keeps who is let in without a good certificate. */
  readonly letIn: LetIn;
  /** Keeps who is seen. */
  readonly sightings?: Sightings;
  /** Gives tickets for its plain ports, which take nothing of repositories unless said. */
  readonly tickets?: TicketGate;
  /** Counts what comes. */
  readonly metrics?: Metrics;
  readonly whereIs?: Destinations['whereIs'];
  readonly isPlainClosed?: Destinations['isPlainClosed'];
  /** Hears what peers know of the log; nobody does where there is no log. */
  readonly hear?: (gate: PeerGate) => HearCheckpoint;
  readonly clock: Clock;
  readonly log: Log;
}

/** The listeners of a server, at work. */
export interface ListeningServer extends AsyncDisposable {
  /** See {@link OpenListeners.use}. */
  useListeners(policies: readonly ListenerPolicy[]): Promise<void>;
}

/**
 * Opens every listener, or none. A server is its services: one that has `storage` alone needs no authority, but a view of
 * who is good. What no service offers is not there, whatever a listener names.
 * @throws HoldfastError `port_in_use`, `settings_invalid`
 */
export async function startServer(options: ServerOptions): Promise<ListeningServer> {
  const { peers, services, noteRefusal, letIn, sightings, metrics, tickets, clock, log } = options;
  const gate = new PeerGate({ ...peers, clock, log });
  const hear = options.hear?.(gate) ?? (() => undefined);
  const destinations: Destinations = {
    gate,
    letIn,
    sightings,
    metrics,
    tickets,
    whereIs: options.whereIs,
    isPlainClosed: options.isPlainClosed,
    services,
    hear,
    noteRefusal,
    log,
  };
  await using opened = new AsyncDisposableStack();
  opened.use(
    peers.watch(async () => {
      await Promise.all([gate.recheck(), tickets?.recheck(gate)]);
    }),
  );
  const listeners = opened.use(new OpenListeners(listenerOpener(options, destinations)));
  await listeners.use(options.listeners);
  const running = opened.move();
  return {
    useListeners: (policies) => listeners.use(policies),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function listenerOpener(options: ServerOptions, destinations: Destinations): ListenerOpener {
  const { credentials, bindings, log } = options;
  const workOf = (policy: ListenerPolicy): ListenerWork => workOn(policy, options, destinations);
  return { workOf, open: (policy) => listen({ ...workOf(policy), credentials, bindings, log }) };
}

function workOn(
  policy: ListenerPolicy,
  { posts, metrics }: ServerOptions,
  destinations: Destinations,
): ListenerWork {
  const http = serveHttp(listenerHttp(policy, createDispatcher(policy, destinations)));
  // A plain listener has nothing but what everybody may know.
  const handler = policy.kind === 'plain' && posts !== undefined ? answerPosts(posts, http) : http;
  const counted = (socket: Socket): void => {
    metrics?.connected(policy, socket);
    handler(socket);
  };
  const onConnection = Object.assign(counted, { endIdle: handler.endIdle });
  const greet = (socket: Socket): Promise<Greeting> =>
    destinations.gate.greet(socket, (refusal) => {
      // Elsewhere it may be let in by a token; its first request says whether it is refused.
      if (policy.clientCertificate === 'require') destinations.noteRefusal(socket, refusal);
    });
  return { policy, onConnection, greet };
}
