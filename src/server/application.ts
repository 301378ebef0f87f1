import type { IncomingMessage, ServerResponse } from 'node:http';
import { type FastifyError, type FastifyInstance, fastify } from 'fastify';
import { HoldfastError, type Log, minuteMs } from '../base/index.ts';
import { maxMessageBytes } from '../enrol/index.ts';
import type { Identity } from '../pki/index.ts';
import { mountAdmin } from './admin-routes.ts';
import { limitBodyTime } from './body-deadline.ts';
import { mountCertsrv } from './certsrv/certsrv-routes.ts';
import { mountControl } from './control-routes.ts';
import { mountCrl } from './crl-route.ts';
import { mountEnrol } from './enrol-routes.ts';
import { errorBody, httpStatusOf } from './http-status.ts';
import { loggedUrl } from './logged-url.ts';
import { mountOcsp } from './ocsp-routes.ts';
import { mountRequests } from './request-routes.ts';
import type { IdentityOf, ServerContext } from './server-context.ts';
import { mountStatus } from './status-routes.ts';
import { limitIdleTime } from './storage-idle-limit.ts';

/** The routes below `/-/`, called once `access.ts` has decided that the peer may. */
export interface Application {
  readonly handle: (
    request: IncomingMessage,
    response: ServerResponse,
    identity: Identity | undefined,
  ) => void;
  readonly close: () => Promise<void>;
}

/** So long somebody may leave an answer unread, who would hold the connection for ever. */
const idleMs = minuteMs;

/** Builds the routes and makes them ready to be called. */
export async function createApplication(context: ServerContext): Promise<Application> {
  const app = fastify({ bodyLimit: maxMessageBytes });
  const identities = new WeakMap<IncomingMessage, Identity>();
  app.setErrorHandler<Error>((error, request, reply) => {
    const failure = asHoldfastError(error);
    sayFailure(context.log, failure, loggedUrl(request.url));
    context.noteRefusal(request.raw.socket, failure);
    void reply
      .code(httpStatusOf(failure))
      .send(errorBody(failure, isAdmin(identities.get(request.raw)) ? 'administrators' : 'peers'));
  });
  app.setNotFoundHandler(() => {
    throw new HoldfastError('operation_unknown', 'there is no such address');
  });
  mountAll(app, context, (request) => {
    const identity = identities.get(request);
    if (identity === undefined) throw new TypeError(`${request.url} was called without an identity`);
    return identity;
  });
  await app.ready();
  return {
    handle(request, response, identity) {
      if (identity !== undefined) identities.set(request, identity);
      limitBodyTime(request, response);
      limitIdleTime(request, response, idleMs);
      app.routing(request, response);
    },
    close: () => app.close(),
  };
}

function isAdmin(identity: Identity | undefined): boolean {
  return identity?.role === 'admin';
}

function mountAll(app: FastifyInstance, context: ServerContext, identityOf: IdentityOf): void {
  mountStatus(app, context);
  mountCrl(app, context);
  mountOcsp(app, context);
  mountEnrol(app, context);
  mountRequests(app, context);
  mountCertsrv(app, context);
  mountControl(app, context, identityOf);
  mountAdmin(app, context, identityOf);
}

/** What the framework refuses (a body too large, not JSON) is the sender's mistake and no bug. */
function asHoldfastError(error: Error): Error {
  const status = (error as Partial<FastifyError>).statusCode;
  return status !== undefined && status >= 400 && status < 500
    ? new HoldfastError('input_invalid', error.message, { cause: error })
    : error;
}

function sayFailure(log: Log, error: Error, url: string): void {
  if (httpStatusOf(error) >= 500) log.error('request failed', { url, error });
  else log.info('request refused', { url, error });
}
