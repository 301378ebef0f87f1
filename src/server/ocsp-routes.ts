import { hash } from 'node:crypto';
import { type Authority, type OcspAnswerBytes, statusPaths } from '../authority/index.ts';
import type { Bytes } from '../base/index.ts';
import type { PostService } from './answer-posts.ts';
import { bytesReply, cacheFor } from './reply.ts';
import type { Route } from './route.ts';

const requestType = 'application/ocsp-request';
const responseType = 'application/ocsp-response';
/** Of 128 certificates and a signature with its chain. */
const maxRequestBytes = 32 * 1024;
const inPath = `${statusPaths.ocsp}/`;

/** The way of those who ask most: by POST. */
export function postedOcsp({ revocation }: Pick<Authority, 'revocation'>): PostService {
  return {
    path: statusPaths.ocsp,
    type: requestType,
    maxBodyBytes: maxRequestBytes,
    responseType,
    answer: (body) => revocation.answerOcspAside(body),
  };
}

/** OCSP over HTTP (RFC 6960 Appendix A.1, RFC 5019): whatever is asked gets an answer, be it that it cannot be answered. */
export const ocspRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: statusPaths.ocsp,
    service: 'status',
    evidence: true,
    access: 'anybody',
    does: 'An OCSP request, answered.',
    body: { maxBytes: maxRequestBytes, types: [requestType], parse: (bytes) => bytes },
    async handle({ authority }, { body }) {
      const request = Buffer.isBuffer(body) ? body : new Uint8Array();
      const { der } = await authority.revocation.answerOcsp(request);
      return bytesReply(responseType, der);
    },
  },
  {
    method: 'GET',
    head: true,
    path: `${inPath}*`,
    service: 'status',
    evidence: true,
    access: 'anybody',
    does: 'An OCSP request in the path, in base64, answered so that it can be kept.',
    async handle({ authority, admin: { clock } }, { request: { url = '', headers } }) {
      const answer = await authority.revocation.answerOcsp(requestInPath(url));
      const caching = cachingOf(answer, clock.now());
      if (caching['etag'] !== undefined && headers['if-none-match'] === caching['etag'])
        return { status: 304, headers: { 'content-type': responseType, ...caching } };
      return bytesReply(responseType, answer.der, caching);
    },
  },
];

/** The request in a path: Base64, whose slashes may stand as they are; nothing where it is none. */
function requestInPath(url: string): Bytes {
  try {
    const [path = ''] = url.slice(inPath.length).split('?', 1);
    return Buffer.from(decodeURIComponent(path), 'base64');
  } catch {
    return new Uint8Array();
  }
}

/** An error is nothing to keep. */
function cachingOf(
  { kind, der, producedAtMs, nextUpdateMs }: OcspAnswerBytes,
  nowMs: number,
): Record<string, string> {
  if (kind === 'error') return { 'cache-control': 'no-store' };
  const tag = `"${hash('sha256', der)}"`;
  return cacheFor({ tag, changedAt: new Date(producedAtMs), goodUntil: new Date(nextUpdateMs), nowMs });
}
