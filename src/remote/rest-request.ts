import type { Agent } from 'node:http';
import { bodyChunks, type ObjectBody } from '../storage/index.ts';
import { askHttp, isHttpSuccess, transportError } from '../transport/index.ts';
import { type Refusal, type RestAnswer, readRefusal } from './refusal.ts';

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

/**
 * Makes one request, once; an answer that is no success is read and given as a refusal. A connection that cannot be made or
 * is lost fails as {@link transportError} says; what the agent says of the server's certificate, what the body's source
 * throws and an aborted signal's reason come as they are.
 */
export async function ask({ url, agent }: RestPeer, request: RestRequest): Promise<RestAnswer | Refusal> {
  const { path, body, signal } = request;
  const headers = { accept: 'application/vnd.x.restic.rest.v2', ...request.headers };
  const sent = body && { size: body.size, chunks: bodyChunks(body.chunks, signal) };
  const order = { ...request, url: new URL(path, url), agent, headers, body: sent };
  const answer = await askHttp(order).catch((error: unknown) => {
    throw transportError(error, url.host);
  });
  return isHttpSuccess(answer) ? { kind: 'answer', ...answer } : await readRefusal(answer);
}
