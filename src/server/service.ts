import type { IncomingMessage, ServerResponse } from 'node:http';
import { HoldfastError, type Log, minuteMs } from '../base/index.ts';
import type { Service } from '../policy/index.ts';
import type { Peer } from '../transport/index.ts';
import { limitBodyTime, limitIdleTime, readBody } from './read-request.ts';
import { errorBody, httpStatusOf, loggedUrl } from './refuse.ts';
import { jsonReply, type Reply, sendReply } from './reply.ts';
import type { Call, Route, ServerContext } from './route.ts';
import type { FoundRoute } from './routes.ts';
import type { StorageHandler } from './storage-handler.ts';
import type { TicketPeer } from './ticket-gate.ts';

/** A request below `/-/` for a route, once it is decided that the peer may. */
interface Admitted extends FoundRoute {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly peer: Peer | undefined;
}

/** Does what is asked, and answers it. */
export type Application = (admitted: Admitted) => void;

/** So long somebody may leave an answer unread, who would hold the connection for ever. */
const idleMs = minuteMs;

/** The routes, at work on `context`. */
export function createApplication(context: ServerContext): Application {
  const { log, noteRefusal } = context;
  return answerBy({
    handle: (route, call) => route.handle(context, call),
    failed: ({ failed }) => failed && ((error, request) => failed(context, error, request)),
    log,
    noteRefusal,
  });
}

/** What answers calls of routes, and what of it is kept and said. */
interface Answering extends Pick<ServerContext, 'log' | 'noteRefusal'> {
  readonly handle: (route: Route, call: Call) => Reply | Promise<Reply>;
  /** How a route says a failure, where it has a way of its own. */
  readonly failed?: (route: Route) => ((error: Error, request: IncomingMessage) => Reply) | undefined;
}

/** Calls of routes, answered by something else than what they say of themselves, within the same bounds. */
export function answerBy(context: Answering): Application {
  return (admitted) => {
    const { request, response } = admitted;
    limitBodyTime(request, response);
    limitIdleTime(request, response, idleMs);
    replyTo(context, admitted)
      .then((reply) => sendReply(response, reply))
      .catch((error: unknown) => {
        context.log.error('an answer could not be sent', { url: loggedUrl(request.url ?? ''), error });
        response.destroy();
      });
  };
}

async function replyTo(context: Answering, admitted: Admitted): Promise<Reply> {
  const { route, params, request, peer } = admitted;
  try {
    if (route.sameSite) refuseCrossSite(request);
    const body = route.body && (await readBody(request, route.body));
    return await context.handle(route, { request, params, body, peer });
  } catch (thrown) {
    const error =
      thrown instanceof Error ? thrown : new TypeError('what was thrown is no error', { cause: thrown });
    return (context.failed?.(route) ?? failed(admitted, context))(error, request);
  }
}

function failed(
  { peer }: Admitted,
  { log, noteRefusal }: Answering,
): (error: Error, request: IncomingMessage) => Reply {
  return (error, { url = '', socket }) => {
    sayFailure(log, error, loggedUrl(url));
    noteRefusal(socket, error);
    const told = errorBody(error, peer?.identity.role === 'admin' ? 'administrators' : 'peers');
    return jsonReply(told, { status: httpStatusOf(error) });
  };
}

function sayFailure(log: Log, error: Error, url: string): void {
  if (httpStatusOf(error) >= 500) log.error('request failed', { url, error });
  else log.info('request refused', { url, error });
}

/**
 * Refuses what a page of another site has a browser send: somebody who cannot reach this server must not leave requests
 * by way of somebody who can. Links from elsewhere are followed; programs do not say where they come from.
 * @throws HoldfastError `operation_forbidden`
 */
function refuseCrossSite({ method, headers }: IncomingMessage): void {
  if (method !== 'POST' || headers['sec-fetch-site'] !== 'cross-site') return;
  throw new HoldfastError('operation_forbidden', 'a page of another site sent this');
}

/** A request that was let in. */
interface LetIn {
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
  /** Rejects, if ever, by a bug: what a peer asked for in vain is answered. */
  readonly take: (request: LetIn) => void | Promise<void>;
}

/** Repositories, each client's own; append-only where nothing else says what a client may remove. */
export function storageService(
  handler: StorageHandler,
  { appendOnly }: { appendOnly: boolean },
): ServerService {
  return {
    name: 'storage',
    take: ({ request, response, peer }) =>
      handler(request, response, {
        client: peer?.identity.name ?? '',
        ...(peer !== undefined && { role: peer.identity.role }),
        appendOnly,
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
