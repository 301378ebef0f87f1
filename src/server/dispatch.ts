import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Authority } from '../authority/index.ts';
import { HoldfastError, type Log } from '../base/index.ts';
import { checkpointHeader, encodeCheckpointHeader, readCheckpointHeader } from '../enrol/index.ts';
import { roles } from '../pki/index.ts';
import { type ListenerPolicy, localName, type Service } from '../policy/index.ts';
import type { Peer, PeerGate } from '../transport/index.ts';
import { checkRole } from '../trust/index.ts';
import type { LetIn } from './let-in.ts';
import type { Metrics } from './metrics.ts';
import { type NoteRefusal, refuse } from './refuse.ts';
import type { Route } from './route.ts';
import { findRoute, replicaRoute, storageRoute } from './routes.ts';
import type { ServerService } from './service.ts';
import type { Seen, Sightings } from './sightings.ts';
import { parseStoragePath, replicaPath } from './storage-path.ts';
import { type TicketGate, tlsRequired } from './ticket-gate.ts';
import { whoAsks } from './who-asks.ts';

/** Where a request goes once it is known who sent it. */
export interface Destinations {
  readonly gate: PeerGate;
  readonly letIn: LetIn;
  /** Keeps who is seen; nobody does where it is left out. */
  readonly sightings?: Sightings | undefined;
  /** Counts what comes. */
  readonly metrics?: Metrics | undefined;
  /** What the plain ports take of repositories; nothing where it is left out. */
  readonly tickets?: TicketGate | undefined;
  readonly services: readonly ServerService[];
  /** See {@link WhereIs}; nobody is told where it is left out. */
  readonly whereIs?: WhereIs | undefined;
  /** Whether the plain ports are for what certificates point to and for nothing else; they are not where it is left out. */
  readonly isPlainClosed?: (() => boolean) | undefined;
  readonly noteRefusal: NoteRefusal;
  readonly hear: HearCheckpoint;
  readonly log: Log;
}

/**
 * `https://HOST:PORT` of a service over TLS; undefined where no listener offers it, or it is not for everybody to know: `anybody`
 * is told no more than the status service tells, `ours` are those whose certificate leads to our authority.
 */
export type WhereIs = (service: Service, to: 'ours' | 'anybody') => string | undefined;

/**
 * Handles every request of one listener: is there such a route, on this listener, and may this peer call it? In that
 * order, except that a listener which requires certificates looks at the certificate before anything else.
 */
export function createDispatcher(
  policy: ListenerPolicy,
  {
    whereIs = () => undefined,
    isPlainClosed = () => false,
    gate,
    letIn,
    sightings,
    metrics,
    tickets,
    services,
    noteRefusal,
    hear,
    log,
  }: Destinations,
): (request: IncomingMessage, response: ServerResponse) => void {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [path = '/'] = (request.url ?? '/').split('?', 1);
    const isReplica = path.startsWith(replicaPath);
    const isStorage = isReplica || !path.startsWith('/-/');
    const found = isStorage ? undefined : findRoute(request.method ?? '', path);
    const storage = isReplica ? replicaRoute : storageRoute;
    const route: RouteRules | undefined = isStorage ? storage : found?.route;
    const see = (peer: Seen['peer']): void => {
      if (route !== undefined && !(isStorage && peer === undefined && parseStoragePath(path) === undefined))
        sightings?.see({ request, listener: policy, service: route.service, peer });
    };
    let take: () => void | Promise<void> = () => {};
    try {
      if (policy.kind === 'plain' && found !== undefined && !isForPlain(found.route) && isPlainClosed())
        throw tlsRequired('this is', whereIs(found.route.service, 'anybody'));
      const forRenewal = route?.forRenewal === true;
      const shown =
        policy.clientCertificate === 'require'
          ? await gate.check(request.socket, { roles, forRenewal })
          : undefined;
      const service = services.find(({ name }) => name === route?.service);
      const peer =
        isStorage && policy.kind === 'plain' && tickets !== undefined
          ? await tickets.admit(request, gate)
          : await admit(
              policy,
              {
                route: service && route,
                whereIs: (name) =>
                  whereIs(name, gate.pathOf(request.socket) === undefined ? 'anybody' : 'ours'),
              },
              () => shown ?? whoAsks(policy, request, { gate, letIn }, forRenewal),
            );
      see(peer);
      metrics?.asked({ listener: policy, peer });
      take = () => service?.take({ request, response, peer, found });
    } catch (error) {
      see(undefined);
      noteRefusal(request.socket, error);
      refuse(request, response, error, log);
    }
    await take();
  };
  return (request, response) => {
    const heard = policy.services.includes('control') ? hear(request, response) : undefined;
    const answered =
      heard === undefined
        ? handle(request, response)
        : heard.then(
            () => handle(request, response),
            (error: unknown) => refuse(request, response, error, log),
          );
    // What fails here is a bug, and costs the one who met it his connection, not everybody the server.
    answered.catch((error: unknown) => {
      log.error('request failed', { error });
      response.destroy();
    });
  };
}

/** What certificates point to, and what does not leave the machine. */
function isForPlain({ evidence, byListener }: Route): boolean {
  return evidence === true || byListener === true;
}

type RouteRules = Pick<Route, 'service' | 'access' | 'forRenewal' | 'byListener'>;

async function admit(
  policy: ListenerPolicy,
  {
    route,
    whereIs,
  }: {
    readonly route: RouteRules | undefined;
    readonly whereIs: (service: Service) => string | undefined;
  },
  ask: () => Peer | Promise<Peer>,
): Promise<Peer | undefined> {
  if (route === undefined) throw new HoldfastError('operation_unknown', 'there is no such address');
  if (!policy.services.includes(route.service)) {
    const where = whereIs(route.service);
    throw new HoldfastError('service_elsewhere', `this port does not serve ${route.service}`, {
      ...(where !== undefined && { hint: `use ${where}` }),
    });
  }
  const { metrics = 'off' } = policy;
  if (route.byListener === true && metrics === 'off')
    throw new HoldfastError('operation_unknown', 'this port does not serve metrics');
  if (route.access === 'anybody' || (route.byListener === true && metrics === 'anybody')) return undefined;
  const peer = await ask();
  checkRole(peer.identity, route.access);
  // Neither certificate nor token stands for whoever is on the server's machine, be it one from before that name was kept for them.
  if (peer.identity.role !== 'admin' || peer.identity.name !== localName) return peer;
  throw new HoldfastError('operation_forbidden', `${localName} is nobody who comes from elsewhere`);
}

/**
 * Listens to what a peer knows of the log, before its certificate is judged; undefined when that is nothing new, else a promise that
 * rejects with `authority_superseded`. A peer that says something is told how far the log has come here.
 */
export type HearCheckpoint = (
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<void> | undefined;

/**
 * Hears checkpoints for `authority`. Whoever followed a newer copy of it comes with a certificate that is not on record
 * here, so that nothing but the checkpoint's own signature counts. That is looked at only when it claims more than is known
 * here, and once for each connection.
 */
export function checkpointHearer(
  authority: Pick<Authority, 'checkpoint' | 'knowsLessThan' | 'hear'>,
  gate: Pick<PeerGate, 'pathOf'>,
): HearCheckpoint {
  const heard = new WeakSet<Socket>();
  return (request, response) => {
    const { socket } = request;
    const signed = readCheckpointHeader(request.headers[checkpointHeader]);
    if (signed === undefined) return undefined;
    response.setHeader(checkpointHeader, encodeCheckpointHeader(authority.checkpoint()));
    if (heard.has(socket) || !authority.knowsLessThan(signed)) return undefined;
    heard.add(socket);
    return authority.hear(signed, gate.pathOf(socket));
  };
}
