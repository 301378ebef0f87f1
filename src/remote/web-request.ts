import { type Agent, type ClientRequest, Agent as HttpAgent, type IncomingMessage, request } from 'node:http';
import { Agent as HttpsAgent, request as secureRequest } from 'node:https';
import { systemErrorCode } from '../base/index.ts';
import type { ObjectBody } from '../storage/index.ts';
import { answerOf, limitHandshakes } from '../transport/index.ts';
import { sendBody } from './send-body.ts';
import { webRoots } from './web-roots.ts';

/** One request to a web server. */
export interface WebRequest {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: { readonly chunks: ObjectBody; readonly size: number };
  /** Over which connections; see {@link webAgent}. */
  readonly agent: Agent;
  readonly signal?: AbortSignal;
}

/** Connections to one web server that are used again; none of them keeps a process from ending. */
export function webAgent({ protocol }: URL): Agent {
  if (protocol !== 'https:') return new HttpAgent({ keepAlive: true });
  limitHandshakes();
  return new HttpsAgent({ keepAlive: true, ca: webRoots() });
}

/**
 * Makes a request and gives the answer as soon as its status is there, whatever it is; its body is the caller's to read.
 * A connection that was kept and closed by the server meanwhile is not its answer: then it is asked once more. Whatever
 * the system says of the connection is thrown as it is, and `connection_lost` when nothing moves for minutes.
 */
export async function webRequest(order: WebRequest): Promise<IncomingMessage> {
  const client = open(order);
  try {
    return await exchange(client, order);
  } catch (error) {
    client.destroy();
    order.signal?.throwIfAborted();
    const wasClosed = client.reusedSocket && ['ECONNRESET', 'EPIPE'].includes(systemErrorCode(error) ?? '');
    if (!wasClosed || !isRepeatable(order)) throw error;
    return await webRequest(order);
  }
}

function open({ method, url, headers, body, agent, signal }: WebRequest): ClientRequest {
  const length = body === undefined ? {} : { 'content-length': String(body.size) };
  const all = { ...headers, ...length };
  const begin = url.protocol === 'https:' ? secureRequest : request;
  return begin(url, { method, agent, headers: all, signal });
}

async function exchange(client: ClientRequest, { url, body, signal }: WebRequest): Promise<IncomingMessage> {
  const answer = answerOf(client, url.host);
  if (body === undefined) client.end();
  else await sendBody(client, { ...body, signal }, answer);
  return await answer;
}

/** Whether its body can be sent once more. */
function isRepeatable({ body }: WebRequest): boolean {
  return body === undefined || Symbol.iterator in body.chunks;
}
