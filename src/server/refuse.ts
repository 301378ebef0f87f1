import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Authority, triedByPeers } from '../authority/index.ts';
import {
  type ErrorCode,
  errorRow,
  isHoldfastError,
  isSystemError,
  type Log,
  systemErrorHint,
} from '../base/index.ts';
import type { Identity } from '../pki/index.ts';
import { isToldToPeer, namedIdentity } from '../transport/index.ts';
import { peerAddress } from './read-request.ts';

/**
 * Answers what could not be done, and says so in the log. Of a certificate, only a peer of our own authority learns what
 * is wrong with it.
 */
export function refuse(request: IncomingMessage, response: ServerResponse, error: unknown, log: Log): void {
  const fields = {
    method: request.method,
    url: loggedUrl(request.url ?? ''),
    from: request.socket.remoteAddress,
    error,
  };
  if (isHoldfastError(error)) log.info('request refused', fields);
  else log.error('request failed', fields);
  const told = isSilent(error) ? undefined : errorBody(error, 'peers');
  const body = Buffer.from(told === undefined ? '' : JSON.stringify(told));
  response.writeHead(httpStatusOf(error), {
    'content-length': body.length,
    // An answer to HEAD has no body to say it in.
    ...(told !== undefined && { 'content-type': 'application/json', 'holdfast-code': told.code }),
    // By what else somebody could say who they are, which a 401 has to name (RFC 9110 §11.6.1).
    ...(httpStatusOf(error) === 401 && { 'www-authenticate': 'Bearer' }),
    connection: 'close',
  });
  response.end(body);
  request.resume();
}

function isSilent(error: unknown): boolean {
  return isHoldfastError(error) && error.code.startsWith('certificate_') && !isToldToPeer(error);
}

/** Has the authority keep that whoever is at the other end was refused, and why. */
export type NoteRefusal = (socket: Socket, error: unknown) => void;

/** What somebody does who cannot say who they are: counted, and nothing else. */
const refusalsOfStrangers: readonly ErrorCode[] = [
  'certificate_required',
  'certificate_unknown_authority',
  'bearer_required',
  'bearer_unknown',
  'bearer_expired',
  'bearer_revoked',
];

/**
 * Keeps in the log of decisions who was refused at the gate, or let in and then refused what is not theirs: one of ours by
 * name and address, be it by certificate or by token (`bearerOf`), so that a stolen machine is seen to try; anybody else as a number. What else is refused (a path that is not there) is nobody's decision.
 */
export function refusalNoter(
  authority: Pick<Authority, 'noteRefusal'>,
  bearerOf: (socket: Socket) => Identity | undefined,
  log: Log,
): NoteRefusal {
  return (socket, error) => {
    if (!isHoldfastError(error) || error.code === 'issuer_revoked') return;
    const identity = isToldToPeer(error)
      ? namedIdentity(socket)
      : triedByPeers.includes(error.code)
        ? (bearerOf(socket) ?? namedIdentity(socket))
        : undefined;
    if (identity === undefined && !refusalsOfStrangers.includes(error.code)) return;
    authority
      .noteRefusal(error, identity && { identity, from: peerAddress({ socket }) })
      .catch((failure: unknown) => log.warn('a refusal could not be recorded', { error: failure }));
  };
}

/** The status to answer whatever a handler threw. */
export function httpStatusOf(error: unknown): number {
  return isHoldfastError(error) ? (errorRow(error.code).status ?? 500) : 500;
}

/** What a caller is told of a failure. */
interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  /** Whom it concerns, for administrators. */
  readonly names?: readonly string[];
}

/**
 * What is told of `error`: an expected refusal in full, of what is wrong with the server itself its code at most. Paths
 * and the like, and what the system refused, are in its log, and told to `administrators` alone; a bug is told to nobody.
 */
export function errorBody(error: unknown, to: 'administrators' | 'peers'): ErrorBody {
  if (to === 'administrators' && isSystemError(error))
    return { code: error.code ?? 'internal', message: error.message, hint: systemErrorHint };
  if (!isHoldfastError(error)) return { code: 'internal', message: failed };
  const { code, message, hint, names } = error;
  if (to === 'peers' && httpStatusOf(error) >= 500) return { code, message: failed };
  return { code, message, hint, ...(to === 'administrators' && names && { names }) };
}

const failed = 'the server failed; its log says why';

/** A URL as the log may have it: the handle of a request, which is a secret of whoever follows it, is left out. */
export function loggedUrl(url: string): string {
  const [path = ''] = url.split('?', 1);
  return path.replaceAll(/(?<=\/requests\/)[^/]+/g, '[redacted]');
}
