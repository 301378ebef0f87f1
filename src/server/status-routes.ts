import { hash } from 'node:crypto';
import { Type } from 'typebox';
import { type Authority, type OcspAnswerBytes, statusPaths } from '../authority/index.ts';
import { type Bytes, HoldfastError } from '../base/index.ts';
import type { PostService } from './answer-posts.ts';
import { expositionType } from './metrics.ts';
import { bytesReply, cacheFor, jsonReply } from './reply.ts';
import type { Route } from './route.ts';

/** Where a server without an authority offers its certificate to those who are to import it. */
export const serverCertificatePath = '/-/status/cert256.arm';

/** What anybody may know: that the server is there, and the certificates that certificates point to. */
export const statusRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/-/health',
    service: 'status',
    access: 'anybody',
    does: 'That the server answers, and for which network.',
    answer: Type.Object({ status: Type.Literal('ok'), network: Type.String() }),
    handle: ({ authority }) => jsonReply({ status: 'ok', network: authority.network }),
  },
  {
    method: 'GET',
    head: true,
    path: '/-/status/servers',
    service: 'status',
    evidence: true,
    access: 'anybody',
    does: 'Where nodes go: the addresses of the listeners with storage and control.',
    answer: Type.Object({ network: Type.String(), servers: Type.Array(Type.String()) }),
    handle: ({ authority, servers }) => jsonReply({ network: authority.network, servers: servers() }),
  },
  {
    method: 'GET',
    head: true,
    path: statusPaths.certificate(':label'),
    service: 'status',
    evidence: true,
    access: 'anybody',
    does: 'The certificate of an issuer, DER.',
    async handle({ authority }, { params: { label = '' } }) {
      const certificate = await authority.issuerCertificate(label);
      if (certificate === undefined)
        throw new HoldfastError('object_not_found', 'there is no such certificate');
      return bytesReply('application/pkix-cert', certificate.der, {
        'cache-control': 'public, max-age=86400',
      });
    },
  },
  {
    method: 'GET',
    head: true,
    path: serverCertificatePath,
    service: 'status',
    access: 'anybody',
    does: 'The certificate of a server that has no authority, PEM; its fingerprint has to be compared.',
    handle() {
      throw new HoldfastError(
        'object_not_found',
        'the certificates of this server are vouched for by its authority',
      );
    },
  },
];

/** Names clients and what they left, so that nobody gets it unless a listener says so. */
export const metricsRoute: Route = {
  method: 'GET',
  path: '/-/metrics',
  service: 'status',
  access: ['admin'],
  byListener: true,
  does: 'Metrics for Prometheus, where the listener has them: `metrics = "admin"`, or `"anybody"` on a loopback address.',
  async handle({ metrics }) {
    return { headers: { 'content-type': expositionType }, body: await metrics.text() };
  },
};

/** Revocation lists, as certificates say where they are. They can be large, so whoever has the newest one is told only that. */
export const crlRoutes: readonly Route[] = [
  {
    method: 'GET',
    head: true,
    path: statusPaths.crl(':label'),
    service: 'status',
    evidence: true,
    access: 'anybody',
    does: 'The newest revocation list of an issuer, DER.',
    async handle({ authority, admin: { clock } }, { params: { label = '' }, request: { headers } }) {
      const list = await authority.revocation.crl(label);
      if (list === undefined) throw new HoldfastError('object_not_found', 'there is no such revocation list');
      const { signedAt, nextUpdate } = list;
      const tag = `"${list.number}"`;
      const caching = cacheFor({ tag, changedAt: signedAt, goodUntil: nextUpdate, nowMs: clock.now() });
      if (headers['if-none-match'] === tag) return { status: 304, headers: caching };
      // The same memory for all who are slow to take it.
      return bytesReply('application/pkix-crl', list.der, caching);
    },
  },
];

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
