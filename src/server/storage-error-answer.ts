import type { ServerResponse } from 'node:http';
import { type ErrorCode, isHoldfastError } from '../base/index.ts';
import { httpStatusOf } from './refuse.ts';

interface Answer {
  readonly status: number;
  readonly code: ErrorCode;
  /** What the peer may know; paths and system errors stay in the log. */
  readonly message: string;
}

const messages: Partial<Record<ErrorCode, string>> = {
  object_not_found: 'there is no such object',
  object_name_invalid: 'there is no such address',
  repository_missing: 'there is no such repository',
  object_exists: 'something else is stored under this name',
  append_only: 'nothing but locks can be removed here',
  namespace_forbidden: 'this is not your repository',
  object_corrupt: 'the body is not what its name and length announce',
  input_invalid: 'the request is not one of the REST protocol',
  operation_unknown: 'there is no such method for this address',
  range_not_satisfiable: 'the range is past the end',
  rate_limited: 'too many requests at once',
  storage_full: 'no space left',
  store_missing: 'the place where repositories are kept is not there: its disk may not be mounted',
};

const unexpected: Answer = {
  status: 500,
  code: 'storage_failed',
  message: 'the server failed; its log says why',
};

/** Of an address that the protocol knows, it is the method that is unknown. */
const methodNotAllowed = 405;

/** The answer that tells a peer of `error`: its status, and a code that our own client understands. */
export function storageErrorAnswer(error: unknown): Answer {
  if (!isHoldfastError(error)) return unexpected;
  const { code } = error;
  const message = messages[code];
  if (message === undefined) return unexpected;
  return { status: code === 'operation_unknown' ? methodNotAllowed : httpStatusOf(error), code, message };
}

/** Sends `answer`, or ends the connection when another answer is under way: the peer must not take a part for all. */
export function sendStorageError(response: ServerResponse, { status, code, message }: Answer): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = Buffer.from(JSON.stringify({ code, message }));
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': body.length,
    'holdfast-code': code,
  });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
