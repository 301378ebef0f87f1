import type { IncomingMessage, ServerResponse } from 'node:http';
import { HoldfastError, type Log } from '../base/index.ts';
import { roles } from '../pki/index.ts';
import { type ListenerPolicy, localName } from '../policy/index.ts';
import type { CertifiedPeer, PeerGate } from '../transport/index.ts';
import { checkRole } from '../trust/index.ts';
import type { HearCheckpoint } from './hear-checkpoint.ts';
import type { NoteRefusal } from './note-refusal.ts';
import { refuse } from './refuse.ts';
import type { Route } from './route.ts';
import { findRoute, storageRoute } from './routes.ts';
import type { ServerService } from './service.ts';

/** Where a request goes once it is known who sent it. */
export interface Destinations {
  readonly gate: PeerGate;
  readonly services: readonly ServerService[];
  readonly noteRefusal: NoteRefusal;
  readonly hear: HearCheckpoint;
  readonly log: Log;
}

/**
 * Handles every request of one listener: is there such a route, on this listener, and may this peer call it? In that
 * order, except that a listener which requires certificates looks at the certificate before anything else.
 */
export function createDispatcher(
  policy: ListenerPolicy,
  { gate, services, noteRefusal, hear, log }: Destinations,
): (request: IncomingMessage, response: ServerResponse) => void {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const [path = '/'] = (request.url ?? '/').split('?', 1);
      const isStorage = !path.startsWith('/-/');
      const found = isStorage ? undefined : findRoute(request.method ?? '', path);
      const route: RouteRules | undefined = isStorage ? storageRoute : found?.route;
      const forRenewal = route?.forRenewal === true;
      const shown =
        policy.clientCertificate === 'require'
          ? await gate.check(request.socket, { roles, forRenewal })
          : undefined;
      const service = services.find(({ name }) => name === route?.service);
      const peer = await admit(
        policy,
        service && route,
        () => shown ?? gate.check(request.socket, { roles, forRenewal }),
      );
      service?.take({ request, response, peer, found });
    } catch (error) {
      noteRefusal(request.socket, error);
      refuse(request, response, error, log);
    }
  };
  return (request, response) => {
    const heard = policy.services.includes('control') ? hear(request, response) : undefined;
    if (heard === undefined) return void handle(request, response);
    heard.then(
      () => handle(request, response),
      (error: unknown) => refuse(request, response, error, log),
    );
  };
}

type RouteRules = Pick<Route, 'service' | 'access' | 'forRenewal'>;

async function admit(
  policy: ListenerPolicy,
  route: RouteRules | undefined,
  ask: () => CertifiedPeer | Promise<CertifiedPeer>,
): Promise<CertifiedPeer | undefined> {
  if (route === undefined) throw new HoldfastError('operation_unknown', 'there is no such address');
  if (!policy.services.includes(route.service)) {
    throw new HoldfastError('operation_unknown', `this port does not serve ${route.service}`);
  }
  if (route.access === 'anybody') return undefined;
  const peer = await ask();
  checkRole(peer.identity, route.access);
  // No certificate stands for whoever is on the server's machine, be it one from before that name was kept for them.
  if (peer.identity.role !== 'admin' || peer.identity.name !== localName) return peer;
  throw new HoldfastError('operation_forbidden', `${localName} is nobody who comes from elsewhere`);
}
