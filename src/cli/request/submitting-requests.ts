import { listPending, noteSubmitted, type PendingRequest } from '../../agent/index.ts';
import { asBuffer, type Bytes, equalBytes } from '../../base/index.ts';
import {
  encodeJoinCode,
  joinCodeFor,
  maxSubmissionBytes,
  type RequestAnswer,
  type RequestServer,
  submitRequest,
} from '../../enrol/index.ts';
import { type Role, requestFromText, requestPem } from '../../pki/index.ts';
import { Keystore } from '../../trust/index.ts';
import { localPath } from '../files/local-path.ts';
import { readChosenFile } from '../files/read-chosen-file.ts';
import { checkHome, openHome } from '../home/home.ts';
import { givenJoinCode } from '../joining/given-join-code.ts';
import type { Context } from '../program/context.ts';
import { type Answer, row } from '../terminal/answer.ts';
import { serverOf, settleAnswer } from './collecting-requests.ts';
import { requestServer, type ServerOptions } from './request-server.ts';

/** What `request submit` takes. */
export interface SubmitOptions extends ServerOptions {
  readonly profile?: Role;
  readonly name?: string;
  readonly code?: string;
}

/** `holdfast request submit`: hands a request in; what is decided at once is collected at once. */
export async function submit(context: Context, what: string, options: SubmitOptions): Promise<Answer> {
  const keystore = await ownKeystore(context);
  const pending = keystore === undefined ? [] : listPending(keystore);
  const named = pending.find(({ name }) => name === what);
  const der = named?.request ?? (await readRequestFile(context, what));
  const own = named ?? pending.find(({ request }) => equalBytes(request, der));
  return await handIn(context, { keystore, own, der }, options);
}

/** A request, and where it waits when it is one of this machine's. */
export interface HandIn {
  readonly keystore: Keystore | undefined;
  readonly own: PendingRequest | undefined;
  readonly der: Bytes;
}

/** Hands a request in and gives what became of it. */
export async function handIn(
  context: Context,
  { keystore, own, der }: HandIn,
  { profile, name, code: codeText, ...options }: SubmitOptions,
): Promise<Answer> {
  const code = codeText === undefined ? undefined : await givenJoinCode(context, codeText);
  const server =
    own === undefined || code !== undefined
      ? await requestServer(context, options, code)
      : await serverOf(context, own, options);
  const nodeName = code === undefined ? name : joinCodeFor(code, name).name;
  const answer = await submitRequest(
    {
      request: textOf(der),
      profile,
      name: nodeName,
      code: code && encodeJoinCode(code),
    },
    server,
  );
  const noted = own && keystore && (await keepHandle(keystore, own, server, answer));
  if (noted !== undefined && keystore !== undefined && answer.state === 'approved')
    return await settleAnswer(context, { keystore, pending: noted, server, answer });
  return submittedAnswer(server, answer);
}

async function keepHandle(
  keystore: Keystore,
  own: PendingRequest,
  { address, bundle }: RequestServer,
  { handle, identity }: RequestAnswer & { readonly handle: string },
): Promise<PendingRequest> {
  const [role = '', name = ''] = identity.split('/');
  const root = bundle.anchors[0]?.fingerprint ?? '';
  const submitted = { server: address, root, handle, role, name };
  await noteSubmitted(keystore, own, submitted);
  return { ...own, submitted };
}

async function ownKeystore(context: Context): Promise<Keystore | undefined> {
  if ((await checkHome(context.home)) !== 'used') return undefined;
  const { node } = await openHome(context.home);
  return (await Keystore.exists(node)) ? await Keystore.open(node) : undefined;
}

async function readRequestFile({ workingDirectory }: Context, file: string): Promise<Bytes> {
  const path = localPath(workingDirectory, file);
  const bytes = await readChosenFile(path, {
    maxBytes: maxSubmissionBytes,
    hint: 'name a file with a request, or a request of holdfast request pending',
    tooLong: 'request_malformed',
  });
  return requestFromText(bytes).der;
}

/** PEM for PKCS#10, which is what it nearly always is, and base64 for what is signed around it. */
function textOf(der: Bytes): string {
  const { kind } = requestFromText(der);
  return kind === 'pkcs10' ? requestPem(der) : asBuffer(der).toString('base64');
}

function submittedAnswer(
  { address }: RequestServer,
  { handle, state, identity, expires }: RequestAnswer & { readonly handle: string },
): Answer {
  const rows = [
    row('handed in', `${identity} at ${address}`, state, `waits until ${expires}`),
    row('handle', handle, 'whoever has it can follow the request'),
    row('next', 'an administrator decides; then: holdfast request collect'),
  ];
  return { value: { server: `https://${address}`, handle, state, identity, expires }, rows };
}
