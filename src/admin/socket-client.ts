import { type IncomingMessage, request } from 'node:http';
import { type ErrorCode, HoldfastError, isSocketPlace, systemErrorCode } from '../base/index.ts';
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
  if (!(await isSocketPlace(socketPath))) return undefined;
  const client = socketClient(socketPath, signal);
  try {
    await client.call('status', {});
    return client;
  } catch (error) {
    if (error instanceof HoldfastError && isAbsent(error.cause)) return undefined;
    throw error;
  }
}

function socketClient(socketPath: string, signal: AbortSignal | undefined): AdminClient {
  return {
    async call<Name extends OperationName>(name: Name, input: OperationInput<Name>) {
      const { status, body } = await post(socketPath, operationPath(name), JSON.stringify(input), signal);
      if (status !== 200) throw remoteError(status, body);
      return body as OperationAnswer<Name>;
    },
  };
}

async function post(
  socketPath: string,
  path: string,
  body: string,
  signal: AbortSignal | undefined,
): Promise<{ status: number; body: unknown }> {
  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      request({ socketPath, path, method: 'POST', headers, ...(signal && { signal }) }, resolve)
        .on('error', reject)
        .end(body);
    });
    return { status: response.statusCode ?? 0, body: JSON.parse(await readText(response)) };
  } catch (error) {
    throw new HoldfastError('connection_lost', `the server behind ${socketPath} does not answer`, {
      hint: 'look at the log of the server: holdfast serve --verbose',
      cause: error,
    });
  }
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
