import type { IncomingMessage, ServerResponse } from 'node:http';
import { HoldfastError, type Log } from '../base/index.ts';
import { type Identity, roles } from '../pki/index.ts';
import { type ListenerPolicy, localName } from '../policy/index.ts';
import type { PeerGate } from '../transport/index.ts';
import { findRoute, type Route, storageRoute } from './access.ts';
import type { HearCheckpoint } from './hear-checkpoint.ts';
import type { NoteRefusal } from './note-refusal.ts';
import { refuse } from './refuse.ts';
import type { StorageHandler } from './storage-handler.ts';

/** Where a request goes once it is known who sent it. */
export interface Destinations {
  readonly gate: PeerGate;
  readonly storage: StorageHandler;
  /** Everything below `/-/`, with the identity of the peer when the route asks for one. */
  readonly application: (
    request: IncomingMessage,
    response: ServerResponse,
    identity: Identity | undefined,
  ) => void;
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
  { gate, storage, application, noteRefusal, hear, log }: Destinations,
): (request: IncomingMessage, response: ServerResponse) => void {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const [path = '/'] = (request.url ?? '/').split('?', 1);
      const route: RouteRules | undefined = path.startsWith('/-/')
        ? findRoute(request.method ?? '', path)
        : storageRoute;
      const forRenewal = route?.forRenewal === true;
      if (policy.clientCertificate === 'require') await gate.check(request.socket, { roles, forRenewal });
      const identity = await admit(policy, route, request, gate);
      if (path.startsWith('/-/')) application(request, response, identity);
      else void storage(request, response, { client: identity?.name ?? '', appendOnly: true });
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
  request: IncomingMessage,
  gate: PeerGate,
): Promise<Identity | undefined> {
  if (route === undefined) throw new HoldfastError('operation_unknown', 'there is no such address');
  if (!policy.services.includes(route.service)) {
    throw new HoldfastError('operation_unknown', `this port does not serve ${route.service}`);
  }
  if (route.access === 'anybody') return undefined;
  const forRenewal = route.forRenewal === true;
  const identity = await gate.check(request.socket, { roles: route.access, forRenewal });
  // No certificate stands for whoever is on the server's machine, be it one from before that name was kept for them.
  if (identity.role !== 'admin' || identity.name !== localName) return identity;
  throw new HoldfastError('operation_forbidden', `${localName} is nobody who comes from elsewhere`);
}
