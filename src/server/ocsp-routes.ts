import { hash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { type Authority, type OcspAnswerBytes, statusPaths } from '../authority/index.ts';
import type { Bytes } from '../base/index.ts';
import type { PostService } from './answer-posts.ts';
import { cacheFor } from './cache-for.ts';
import type { ServerContext } from './server-context.ts';

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
    answer: async (body) => (await revocation.answerOcspAside(body)).der,
  };
}

/** OCSP over HTTP (RFC 6960 Appendix A.1, RFC 5019): whatever is asked gets an answer, be it that it cannot be answered. */
export function mountOcsp(app: FastifyInstance, { authority, admin: { clock } }: ServerContext): void {
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    const options = { parseAs: 'buffer', bodyLimit: maxRequestBytes } as const;
    scope.addContentTypeParser(requestType, options, (_request, body, parsed) => parsed(null, body));
    scope.post<{ Body: Bytes | undefined }>(statusPaths.ocsp, async (request, reply) => {
      const { der } = await authority.revocation.answerOcsp(request.body ?? new Uint8Array());
      return reply.type(responseType).send(der);
    });
    scope.get(`${inPath}*`, async ({ raw, headers }, reply) => {
      const answer = await authority.revocation.answerOcsp(requestInPath(raw.url ?? ''));
      const caching = cachingOf(answer, clock.now());
      void reply.headers(caching).type(responseType);
      if (caching['etag'] !== undefined && headers['if-none-match'] === caching['etag'])
        return reply.code(304).send();
      return reply.send(answer.der);
    });
    done();
  });
}

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
