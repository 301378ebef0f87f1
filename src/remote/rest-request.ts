import { type Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { ObjectBody } from '../storage/index.ts';
import { answerOf, transportError } from '../transport/index.ts';
import { type Refusal, readRefusal } from './refusal.ts';
import type { RestAnswer } from './rest-answer.ts';
import { sendBody } from './send-body.ts';

/** Where requests go, and over which connections. */
export interface RestPeer {
  /** Ends with `/`. */
  readonly url: URL;
  readonly agent: Agent;
}

export interface RestRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'DELETE';
  /** Relative to the peer's URL. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: { readonly chunks: ObjectBody; readonly size: number };
  readonly signal?: AbortSignal;
}

/** Makes one request, once; an answer that is no success is read and given as a refusal. */
export async function ask(peer: RestPeer, request: RestRequest): Promise<RestAnswer | Refusal> {
  const answer = await restRequest(peer, request);
  return answer.status >= 200 && answer.status < 300 ? answer : await readRefusal(answer);
}

/**
 * Makes one request and gives the answer as soon as its status is there; the caller closes it. A connection that cannot be made or is lost
 * fails as {@link transportError} says; what the agent says of the server's certificate, what the body's source throws and an
 * aborted signal's reason come as they are.
 */
async function restRequest(peer: RestPeer, request: RestRequest): Promise<RestAnswer> {
  request.signal?.throwIfAborted();
  const client = openRequest(peer, request);
  try {
    const message = await exchange(client, request, peer.url.host);
    const close = (): void => closeExchange(client, message);
    return { kind: 'answer', status: message.statusCode ?? 0, host: peer.url.host, message, close };
  } catch (error) {
    client.destroy();
    request.signal?.throwIfAborted();
    throw error;
  }
}

function openRequest({ url, agent }: RestPeer, request: RestRequest): ClientRequest {
  const { method, path, body, signal } = request;
  const length = method === 'POST' ? { 'content-length': String(body?.size ?? 0) } : {};
  const headers = { accept: 'application/vnd.x.restic.rest.v2', ...length, ...request.headers };
  const open = url.protocol === 'http:' ? httpRequest : httpsRequest;
  const client = open(new URL(path, url), { method, agent, headers, signal });
  return client;
}

async function exchange(
  client: ClientRequest,
  { body, signal }: RestRequest,
  host: string,
): Promise<IncomingMessage> {
  const answer = answerOf(client, host).catch((error: unknown) => {
    throw transportError(error, host);
  });
  answer.catch(() => {});
  if (body === undefined) client.end();
  else await sendBody(client, { ...body, signal }, answer);
  return await answer;
}

function closeExchange(client: ClientRequest, message: IncomingMessage): void {
  if (!client.writableFinished || !message.readableEnded) client.destroy();
}
