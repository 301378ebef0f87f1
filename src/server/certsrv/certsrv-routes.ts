import type { IncomingMessage } from 'node:http';
import { type Authority, answerFollowing, answerSubmission, refusalOf } from '../../authority/index.ts';
import { type Bytes, equalBytes, HoldfastError } from '../../base/index.ts';
import { maxSubmissionBytes, parseMessage, SubmitRequest } from '../../enrol/index.ts';
import { certificatePem, createChainPkcs7 } from '../../pki/index.ts';
import { limitRefusals } from '../enrol-limit.ts';
import { peerAddress } from '../read-request.ts';
import { httpStatusOf } from '../refuse.ts';
import type { Reply } from '../reply.ts';
import type { Call, Route, ServerContext } from '../route.ts';
import { certsrvPaths, pageReply, problemPage, redirect, secured, style } from './page.ts';
import { homePage, requestPage } from './request-pages.ts';

const formType = 'application/x-www-form-urlencoded';

const page = {
  service: 'enrol',
  access: 'anybody',
  failed: problem,
} as const satisfies Partial<Route>;
const shown = { ...page, method: 'GET', head: true } as const;
const sent = {
  ...page,
  method: 'POST',
  sameSite: true,
  body: {
    maxBytes: 3 * maxSubmissionBytes,
    types: [formType],
    parse: (bytes: Buffer) => Object.fromEntries(new URLSearchParams(bytes.toString('utf8'))),
  },
} as const;

const forms: readonly Route[] = [
  {
    ...shown,
    path: certsrvPaths.home,
    does: 'The page with the form, while somebody could use it.',
    handle(context) {
      checkOpen(context);
      const { network } = context.authority;
      return pageReply({ title: 'Request a certificate', network, body: homePage() });
    },
  },
  {
    ...shown,
    path: `${certsrvPaths.home}/`,
    does: "The same, as people type it who know Microsoft's.",
    handle: () => redirect(certsrvPaths.home, 308),
  },
  {
    ...shown,
    path: certsrvPaths.style,
    does: 'The style of the pages.',
    handle: () => ({ headers: { ...secured, 'content-type': 'text/css; charset=utf-8' }, body: style }),
  },
  {
    ...sent,
    path: certsrvPaths.submit,
    does: 'The form, sent.',
    async handle(context, { request, body }) {
      const from = peerAddress(request);
      const { handle } = await limitRefusals(context, from, async () => {
        const fields = withoutEmpty(fieldsOf(body));
        if (fields['request'] === undefined) throw nothingPasted();
        const { request: text, ...said } = parseMessage(SubmitRequest, fields, 'form');
        const input = Buffer.from(text, 'utf8');
        return await answerSubmission(context.authority, { ...said, input, from });
      });
      return redirect(certsrvPaths.request(handle), 303);
    },
  },
  {
    ...sent,
    path: certsrvPaths.follow,
    does: 'The handle of a request, typed.',
    handle(_context, { body }) {
      const handle = (fieldsOf(body)['handle'] ?? '').trim().toLowerCase().replace(/^.*\//, '');
      return redirect(certsrvPaths.request(encodeURIComponent(handle)), 303);
    },
  },
];

const following: readonly Route[] = [
  {
    ...shown,
    path: certsrvPaths.request(':handle'),
    does: 'How a request stands.',
    async handle(context, call) {
      const { handle = '' } = call.params;
      const body = requestPage(handle, await follow(context, call));
      return pageReply({ title: 'Your request', network: context.authority.network, body });
    },
  },
  certificateFile('pem', 'application/x-pem-file', (chain) => chain.map(certificatePem).join('')),
  certificateFile('cer', 'application/pkix-cert', ([leaf]) => leaf as Buffer),
  certificateFile('p7b', 'application/x-pkcs7-certificates', (chain, { root }) =>
    createChainPkcs7(chain.some((one) => equalBytes(one, root.der)) ? chain : [...chain, root.der]),
  ),
];

/** The root, and what was revoked: nothing that not everybody may know. */
const ofAuthority: readonly Route[] = [
  authorityFile('root.pem', 'application/x-pem-file', ({ root }) => certificatePem(root.der)),
  authorityFile('root.cer', 'application/x-x509-ca-cert', ({ root }) => root.der),
  // As it was published: a stranger must not be able to have one signed.
  authorityFile(
    'issuing.crl',
    'application/pkix-crl',
    async ({ revocation }) => ((await revocation.crl()) ?? noList()).der,
  ),
];

/**
 * The enrolment page, for people with a browser and no program of ours: forms and links, no script, no cookie. The form
 * is there while somebody could use it; what was handed in can be followed always.
 */
export const certsrvRoutes: readonly Route[] = [...forms, ...following, ...ofAuthority];

function follow(context: ServerContext, { request, params }: Call) {
  const { handle = '' } = params;
  return limitRefusals(context, peerAddress(request), () => answerFollowing(context.authority, handle));
}

function certificateFile(
  ending: string,
  type: string,
  encode: (chain: Buffer[], authority: Authority) => Bytes | string,
): Route {
  return {
    ...shown,
    path: certsrvPaths.certificate(':handle', `certificate.${ending}`),
    does: `The certificate of a request, once there is one, as ${type}.`,
    async handle(context, call) {
      const { chain, identity } = await follow(context, call);
      if (chain === undefined) throw notIssued();
      const ders = chain.map((text) => Buffer.from(text, 'base64'));
      const fileName = `${identity.replace(/^.*\//, '')}.${ending}`;
      return fileReply({ fileName, type, content: encode(ders, context.authority) });
    },
  };
}

function authorityFile(
  fileName: string,
  type: string,
  content: (authority: Authority) => Bytes | string | Promise<Bytes>,
): Route {
  return {
    ...shown,
    path: certsrvPaths.authority(fileName),
    does: `The file ${fileName}, as ${type}.`,
    handle: async ({ authority }) => fileReply({ fileName, type, content: await content(authority) }),
  };
}

interface File {
  readonly fileName: string;
  readonly type: string;
  readonly content: Bytes | string;
}

function fileReply({ fileName, type, content }: File): Reply {
  const disposition = { 'content-disposition': `attachment; filename="${fileName}"` };
  return { headers: { ...secured, ...disposition, 'content-type': type }, body: content };
}

function problem({ authority, log }: ServerContext, error: Error, request: IncomingMessage): Reply {
  const status = httpStatusOf(error);
  if (status >= 500) log.error('enrolment page failed', { from: peerAddress(request), error });
  const body = problemPage(refusalOf(error));
  const { network } = authority;
  return pageReply({ title: 'That did not work', network, body }, status === 202 ? 404 : status);
}

/** None where nothing was sent. */
function fieldsOf(body: unknown): Readonly<Record<string, string>> {
  return (body ?? {}) as Readonly<Record<string, string>>;
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
