import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Service } from '../policy/index.ts';
import type { Peer } from '../transport/index.ts';
import type { Application } from './application.ts';
import type { FoundRoute } from './routes.ts';
import type { StorageHandler } from './storage-handler.ts';
import type { TicketPeer } from './ticket-gate.ts';

/** A request that was let in. */
export interface LetIn {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Undefined where anybody may. */
  readonly peer: Peer | TicketPeer | undefined;
  /** Undefined for what is a repository's. */
  readonly found: FoundRoute | undefined;
}

/** What a server offers; its listeners say where. */
export interface ServerService {
  readonly name: Service;
  readonly take: (request: LetIn) => void;
}

/** Repositories, each client's own. */
export function storageService(handler: StorageHandler): ServerService {
  return {
    name: 'storage',
    take: ({ request, response, peer }) =>
      void handler(request, response, {
        client: peer?.identity.name ?? '',
        appendOnly: true,
        seal: peer?.by === 'ticket' ? peer.seal : undefined,
      }),
  };
}

/** What the routes below `/-/` of one service do. */
export function routedService(name: 'control' | 'enrol' | 'status', application: Application): ServerService {
  return {
    name,
    take: ({ found, peer, ...request }) => {
      // A ticket is for a repository alone.
      if (found !== undefined && peer?.by !== 'ticket') application({ ...found, ...request, peer });
    },
  };
}
