import { type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { request as requestTls } from 'node:https';
import { HoldfastError, isErrorCode, minuteMs, openSocketPlace, systemErrorCode } from '../base/index.ts';
import { answerMalformed, answerOf, type Line, type TlsDialer, transportError } from '../transport/index.ts';
import type { AdminClient } from './call.ts';
import type { OperationAnswer, OperationInput, OperationName } from './operations.ts';

const maxAnswerBytes = 64 * 1024 * 1024;
/** An operation may think for long, and says nothing meanwhile. */
const pace = { idleMs: 30 * minuteMs, leastBytes: 1 };

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

/** How a server of the network is reached. */
export interface NetworkWay {
  readonly server: string;
  readonly dialer: TlsDialer;
  readonly line: Line;
}

/**
 * The admin API of a server of the network, over mutual TLS with an admin's certificate. A connection that cannot be made
 * is tried again; what was sent is not, since it may have been done. Errors as {@link TlsDialer}.
 */
export function networkAdmin({ server, dialer, line }: NetworkWay, signal?: AbortSignal): AdminClient {
  const send: Send = (path, options) => requestTls(`${server}${path}`, { ...options, agent: dialer.agent() });
  const client = clientOf({ where: server, send, signal });
  const isUnsafe = ({ code }: HoldfastError): boolean => code !== 'connection_failed';
  return { call: (name, input) => line.attempt({ signal, isUnsafe }, () => client.call(name, input)) };
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
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const client = send(path, { method: 'POST', headers, signal });
    const answer = answerOf(client, where, pace);
    client.end(body);
    const response = await answer;
    return {
      status: response.statusCode ?? 0,
      body: parseJson(await readText(response, where), where),
    };
  } catch (cause) {
    const error = transportError(cause, where);
    if (error instanceof HoldfastError && error.code !== 'connection_lost') throw error;
    signal?.throwIfAborted();
    throw new HoldfastError('connection_lost', `the server behind ${where} does not answer`, {
      hint: 'look at the log of the server: holdfast serve --verbose',
      cause,
    });
  }
}

/** A refusal that tells nothing has no body. */
function parseJson(text: string, where: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch (error) {
    throw answerMalformed(where, 'what it answers is no JSON', error);
  }
}

async function readText(response: IncomingMessage, where: string): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > maxAnswerBytes)
      throw answerMalformed(where, `it answers with more than ${maxAnswerBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function remoteError(status: number, body: unknown): HoldfastError {
  const { code, message, hint } = Object(body) as Readonly<Record<string, unknown>>;
  return new HoldfastError(
    isErrorCode(code) ? code : 'refused_by_peer',
    typeof message === 'string' ? message : `the server answered ${status}`,
    typeof hint === 'string' ? { hint } : {},
  );
}

function isAbsent(cause: unknown): boolean {
  return ['ENOENT', 'ECONNREFUSED'].includes(systemErrorCode(cause) ?? '');
}
