import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { answerFollowing, answerSubmission, refusalOf } from '../../authority/index.ts';
import { asBuffer, HoldfastError } from '../../base/index.ts';
import { maxSubmissionBytes, parseMessage, SubmitRequest } from '../../enrol/index.ts';
import { certificatePem, createChainPkcs7 } from '../../pki/index.ts';
import { httpStatusOf } from '../http-status.ts';
import { limitRefusals } from '../limit-refusals.ts';
import { peerAddress } from '../peer-address.ts';
import { refuseCrossSite } from '../refuse-cross-site.ts';
import type { ServerContext } from '../server-context.ts';
import { homePage } from './home-page.ts';
import { certsrvPaths, secured, sendPage } from './page.ts';
import { problemPage } from './problem-page.ts';
import { requestPage } from './request-page.ts';
import { style } from './style.ts';

const formType = 'application/x-www-form-urlencoded';

/**
 * The enrolment page, for people with a browser and no program of ours: forms and links, no script, no cookie. The form
 * is there while somebody could use it; what was handed in can be followed always.
 */
export function mountCertsrv(app: FastifyInstance, context: ServerContext): void {
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers();
    const form = { parseAs: 'string', bodyLimit: 3 * maxSubmissionBytes } as const;
    scope.addContentTypeParser<string>(formType, form, (_request, body, parsed) =>
      parsed(null, Object.fromEntries(new URLSearchParams(body))),
    );
    scope.addHook('onRequest', refuseCrossSite);
    scope.setErrorHandler<Error>((error, request, reply) => sendProblem(context, error, request, reply));
    mountForms(scope, context);
    mountFollowing(scope, context);
    mountAuthority(scope, context);
    done();
  });
}

function mountForms(scope: FastifyInstance, context: ServerContext): void {
  const { authority } = context;
  const { network } = authority;
  scope.get(certsrvPaths.home, (_request, reply) => {
    checkOpen(context);
    return sendPage(reply, { title: 'Request a certificate', network, body: homePage() });
  });
  // As people type it who know Microsoft's.
  scope.get(`${certsrvPaths.home}/`, (_request, reply) => secured(reply).redirect(certsrvPaths.home, 308));
  scope.get(certsrvPaths.style, (_request, reply) =>
    secured(reply).type('text/css; charset=utf-8').send(style),
  );
  scope.post<{ Body: Fields }>(certsrvPaths.submit, async (form, reply) => {
    const from = peerAddress(form);
    const { handle } = await limitRefusals(context, from, async () => {
      const fields = withoutEmpty(form.body ?? {});
      if (fields['request'] === undefined) throw nothingPasted();
      const { request, ...said } = parseMessage(SubmitRequest, fields, 'form');
      return await answerSubmission(authority, { ...said, input: Buffer.from(request, 'utf8'), from });
    });
    return secured(reply).redirect(certsrvPaths.request(handle), 303);
  });
  scope.post<{ Body: Fields }>(certsrvPaths.follow, ({ body }, reply) => {
    const handle = (body?.['handle'] ?? '').trim().toLowerCase().replace(/^.*\//, '');
    return secured(reply).redirect(certsrvPaths.request(encodeURIComponent(handle)), 303);
  });
}

/** None where nothing was sent. */
type Fields = Readonly<Record<string, string>> | undefined;

type HandleRoute = { Params: { handle: string } };

function mountFollowing(scope: FastifyInstance, context: ServerContext): void {
  const { authority } = context;
  const { network } = authority;
  const follow = (request: FastifyRequest<HandleRoute>) =>
    limitRefusals(context, peerAddress(request), () => answerFollowing(authority, request.params.handle));
  scope.get<HandleRoute>(certsrvPaths.request(':handle'), async (request, reply) => {
    const body = requestPage(request.params.handle, await follow(request));
    return sendPage(reply, { title: 'Your request', network, body });
  });
  const file = (name: string, type: string, encode: (chain: Buffer[]) => Buffer | string) =>
    scope.get<HandleRoute>(
      certsrvPaths.certificate(':handle', `certificate.${name}`),
      async (request, reply) => {
        const { chain, identity } = await follow(request);
        if (chain === undefined) throw notIssued();
        const ders = chain.map((text) => Buffer.from(text, 'base64'));
        const fileName = `${identity.replace(/^.*\//, '')}.${name}`;
        return sendFile(reply, { fileName, type, content: encode(ders) });
      },
    );
  file('pem', 'application/x-pem-file', (chain) => chain.map(certificatePem).join(''));
  file('cer', 'application/pkix-cert', ([leaf]) => leaf as Buffer);
  file('p7b', 'application/x-pkcs7-certificates', (chain) =>
    Buffer.from(createChainPkcs7([...chain, authority.root.der])),
  );
}

/** The root, and what was revoked: nothing that not everybody may know. */
function mountAuthority(scope: FastifyInstance, { authority }: ServerContext): void {
  scope.get(certsrvPaths.authority('root.pem'), (_request, reply) => {
    const content = certificatePem(authority.root.der);
    return sendFile(reply, { fileName: 'root.pem', type: 'application/x-pem-file', content });
  });
  scope.get(certsrvPaths.authority('root.cer'), (_request, reply) => {
    const content = Buffer.from(authority.root.der);
    return sendFile(reply, { fileName: 'root.cer', type: 'application/x-x509-ca-cert', content });
  });
  scope.get(certsrvPaths.authority('issuing.crl'), async (_request, reply) => {
    // As it was published: a stranger must not be able to have one signed.
    const { der } = (await authority.revocation.crl()) ?? noList();
    return sendFile(reply, {
      fileName: 'issuing.crl',
      type: 'application/pkix-crl',
      content: asBuffer(der),
    });
  });
}

interface File {
  readonly fileName: string;
  readonly type: string;
  readonly content: Buffer | string;
}

function sendFile(reply: FastifyReply, { fileName, type, content }: File): FastifyReply {
  return secured(reply)
    .header('content-disposition', `attachment; filename="${fileName}"`)
    .type(type)
    .send(content);
}

function sendProblem(
  { authority, log }: ServerContext,
  error: Error & { readonly statusCode?: number },
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const { statusCode = 500 } = error;
  const isForm = !(error instanceof HoldfastError) && statusCode >= 400 && statusCode < 500;
  const failure = isForm ? new HoldfastError('input_invalid', error.message) : error;
  const status = httpStatusOf(failure);
  if (status >= 500) log.error('enrolment page failed', { from: peerAddress(request), error });
  const page = {
    title: 'That did not work',
    network: authority.network,
    body: problemPage(refusalOf(failure)),
  };
  void sendPage(reply.code(status === 202 ? 404 : status), page);
}

function checkOpen({ authority }: ServerContext): void {
  if (authority.requests.areTaken || authority.hasLiveJoinCode()) return;
  throw new HoldfastError('queue_closed', 'requests are not taken here now; ask the administrator');
}

/** A field that is left empty was not filled in. */
function withoutEmpty(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value.trim() !== ''));
}

function nothingPasted(): HoldfastError {
  return new HoldfastError('request_malformed', 'no request was pasted into the form');
}

function noList(): never {
  throw new HoldfastError('object_not_found', 'no revocation list was signed yet');
}

function notIssued(): HoldfastError {
  return new HoldfastError('request_pending', 'no certificate was issued for this request');
}
