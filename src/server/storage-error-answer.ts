import type { ServerResponse } from 'node:http';
import { type ErrorCode, HoldfastError } from '../base/index.ts';

interface Answer {
  readonly status: number;
  readonly code: ErrorCode;
  /** What the peer may know; paths and system errors stay in the log. */
  readonly message: string;
}

const answers: readonly Answer[] = [
  { status: 404, code: 'object_not_found', message: 'there is no such object' },
  { status: 404, code: 'object_name_invalid', message: 'there is no such address' },
  { status: 404, code: 'repository_missing', message: 'there is no such repository' },
  { status: 403, code: 'object_exists', message: 'something else is stored under this name' },
  { status: 403, code: 'append_only', message: 'nothing but locks can be removed here' },
  { status: 403, code: 'namespace_forbidden', message: 'this is not your repository' },
  { status: 400, code: 'object_corrupt', message: 'the body is not what its name and length announce' },
  { status: 400, code: 'input_invalid', message: 'the request is not one of the REST protocol' },
  { status: 405, code: 'operation_unknown', message: 'there is no such method for this address' },
  { status: 416, code: 'range_not_satisfiable', message: 'the range is past the end' },
  { status: 507, code: 'storage_full', message: 'no space left' },
];

const unexpected: Answer = {
  status: 500,
  code: 'storage_failed',
  message: 'the server failed; its log says why',
};

/** The answer that tells a peer of `error`: its status, and a code that our own client understands. */
export function storageErrorAnswer(error: unknown): Answer {
  const code = error instanceof HoldfastError ? error.code : undefined;
  return answers.find((answer) => answer.code === code) ?? unexpected;
}

/** Sends `answer`, or ends the connection when another answer is under way: the peer must not take a part for all. */
export function sendStorageError(response: ServerResponse, { status, code, message }: Answer): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = Buffer.from(JSON.stringify({ code, message }));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length });
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
