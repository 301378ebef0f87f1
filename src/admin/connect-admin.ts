import { type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { request as requestTls } from 'node:https';
import { type ErrorCode, HoldfastError, openSocketPlace, systemErrorCode } from '../base/index.ts';
import type { TlsDialer } from '../transport/index.ts';
import type { AdminClient } from './call.ts';
import type { OperationAnswer, OperationInput, OperationName } from './operations.ts';

const maxAnswerBytes = 64 * 1024 * 1024;

/** The path of an operation over HTTP, on the socket as on any listener with `control`. */
export const operationPath = (name: string): string => `/-/admin/${name}`;

/**
 * The admin API of the server that listens on `socketPath`, or undefined when nobody listens there.
 * `connection_lost` when the server goes away during a call, `home_not_private` when it could be somebody else's.
 */
export async function connectAdmin(
  socketPath: string,
  signal?: AbortSignal,
): Promise<AdminClient | undefined> {
  const client = socketAdmin(socketPath, signal);
  try {
    await client.call('status', {});
    return client;
  } catch (error) {
    if (error instanceof HoldfastError && isAbsent(error.cause)) return undefined;
    throw error;
  }
}

/** Each call looks anew at who owns the place of the socket. */
function socketAdmin(socketPath: string, signal?: AbortSignal): AdminClient {
  return {
    async call<Name extends OperationName>(name: Name, input: OperationInput<Name>) {
      await using place = await openSocketPlace(socketPath);
      const address = place?.address ?? socketPath;
      const send: Send = (path, options) => request({ ...options, path, socketPath: address });
      const answer: unknown = await clientOf({ where: socketPath, send, signal }).call(name, input);
      return answer as OperationAnswer<Name>;
    },
  };
}

/** The admin API of a server of the network, over mutual TLS with an admin's certificate. Errors as {@link TlsDialer}. */
export function networkAdmin(server: string, dialer: TlsDialer, signal?: AbortSignal): AdminClient {
  const send: Send = (path, options) => requestTls(`${server}${path}`, { ...options, agent: dialer.agent() });
  return clientOf({ where: server, send, signal });
}

/** Begins a request to `path`. */
type Send = (path: string, options: RequestOptions) => ClientRequest;

/** The way to a server: what it is called in messages, and how a request is begun. */
interface Way {
  readonly where: string;
  readonly send: Send;
  readonly signal: AbortSignal | undefined;
}

function clientOf(way: Way): AdminClient {
  return {
    async call<Name extends OperationName>(name: Name, input: OperationInput<Name>) {
      const { status, body } = await post(way, operationPath(name), JSON.stringify(input));
      if (status !== 200) throw remoteError(status, body);
      return body as OperationAnswer<Name>;
    },
  };
}

async function post(
  { where, send, signal }: Way,
  path: string,
  body: string,
): Promise<{ status: number; body: unknown }> {
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      send(path, { method: 'POST', headers, ...(signal && { signal }) })
        .on('response', resolve)
        .on('error', reject)
        .end(body);
    });
    return { status: response.statusCode ?? 0, body: parseJson(await readText(response)) };
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    throw new HoldfastError('connection_lost', `the server behind ${where} does not answer`, {
      hint: 'look at the log of the server: holdfast serve --verbose',
      cause: error,
    });
  }
}

/** A refusal that tells nothing has no body. */
function parseJson(text: string): unknown {
  return text === '' ? undefined : JSON.parse(text);
}

async function readText(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > maxAnswerBytes) throw new RangeError('answer too long');
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function remoteError(status: number, body: unknown): HoldfastError {
  const { code, message, hint } = (body ?? {}) as { code?: ErrorCode; message?: string; hint?: string };
  return new HoldfastError(
    code ?? 'refused_by_peer',
    message ?? `the server answered ${status}`,
    hint === undefined ? {} : { hint },
  );
}

function isAbsent(cause: unknown): boolean {
  return ['ENOENT', 'ECONNREFUSED'].includes(systemErrorCode(cause) ?? '');
}
