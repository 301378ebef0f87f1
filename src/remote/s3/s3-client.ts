import { createHash } from 'node:crypto';
import type { Agent } from 'node:http';
import type { Bytes, Clock } from '../../base/index.ts';
import type { ObjectBody } from '../../storage/index.ts';
import { askHttp, type HttpAnswer, isHttpSuccess, receiveText } from '../../transport/index.ts';
import { webFailure } from '../web-peer.ts';
import { readRefusal, refusalError, type S3Refusal } from './s3-refusal.ts';
import { emptySha256, encodeForS3, encodeQuery, type S3Credentials, signRequest } from './sign-request.ts';

/** A bucket, and what opens it. */
export interface S3Bucket {
  /** `https://HOST[:PORT]` */
  readonly endpoint: URL;
  readonly name: string;
  readonly region: string;
  readonly credentials: S3Credentials;
}

interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** The object; the bucket itself unless said. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: S3Body;
  readonly signal?: AbortSignal | undefined;
}

/** A body whose hash is known before it is sent: it is signed, and the service compares it with what came. */
export interface S3Body {
  readonly chunks: ObjectBody;
  readonly size: number;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** An answer that is a success, and whose body is still to be read. */
export interface S3Answer extends HttpAnswer {
  readonly kind: 'answer';
}

/** The bytes of an error that are looked at. */
const maxErrorBytes = 16 * 1024;

/** Signed requests about one bucket, which is named in the path: every service takes that. */
export class S3Client {
  readonly bucket: S3Bucket;
  readonly #agent: Agent;
  readonly #clock: Clock;

  constructor(bucket: S3Bucket, { agent, clock }: { readonly agent: Agent; readonly clock: Clock }) {
    this.bucket = bucket;
    this.#agent = agent;
    this.#clock = clock;
  }

  /**
   * Makes one request, once; an answer that is no success is read and given as a refusal. Where no answer comes it fails as
   * {@link webFailure} says; what the body's source throws and an aborted signal's reason come as they are.
   */
  async ask(request: S3Request): Promise<S3Answer | S3Refusal> {
    const { method, body, signal } = request;
    const { endpoint } = this.bucket;
    const url = this.#url(request);
    const signable = { method, url, headers: request.headers ?? {}, bodySha256: body?.sha256 ?? emptySha256 };
    const { credentials, region } = this.bucket;
    const headers = signRequest(signable, { credentials, region, nowMs: this.#clock.now() });
    const sized = method === 'PUT' && body === undefined ? { chunks: [], size: 0 } : body;
    try {
      const answer = await askHttp({ method, url, headers, body: sized, agent: this.#agent, signal });
      if (isHttpSuccess(answer)) return { kind: 'answer', ...answer };
      return readRefusal(answer.status, await errorText(answer), answer.message.headers);
    } catch (error) {
      signal?.throwIfAborted();
      throw webFailure(error, endpoint.host);
    }
  }

  /** The answer that `outcome` is. @throws HoldfastError for a refusal */
  expect(outcome: S3Answer | S3Refusal, doing: string): S3Answer {
    if (outcome.kind === 'answer') return outcome;
    const { endpoint, name, region, credentials } = this.bucket;
    const nowMs = this.#clock.now();
    throw refusalError(outcome, doing, { host: endpoint.host, bucket: name, region, credentials, nowMs });
  }

  /** Makes one request and gives the text of its answer. @throws HoldfastError for a refusal */
  async text(request: S3Request, doing: string, maxBytes = maxErrorBytes): Promise<string> {
    return await receiveText(this.expect(await this.ask(request), doing), maxBytes);
  }

  #url({ key, query = {} }: S3Request): URL {
    const { endpoint, name } = this.bucket;
    const path = key === undefined ? name : `${name}/${encodeForS3(key, '/')}`;
    const search = encodeQuery(query);
    return new URL(`${endpoint.origin}/${path}${search === '' ? '' : `?${search}`}`);
  }
}

/** A body that is in memory. */
export function bodyOf(bytes: Bytes): S3Body {
  return { chunks: [bytes], size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** An error's document; what is wrong with it does not matter. */
async function errorText(answer: HttpAnswer): Promise<string> {
  try {
    return await receiveText(answer, maxErrorBytes);
  } catch {
    return '';
  }
}
