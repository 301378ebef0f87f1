import { asBuffer, type Bytes } from '../base/index.ts';
import {
  encodeJoinCode,
  type JoinCode,
  joinCodeFor,
  type RequestAnswer,
  type RequestServer,
  submitRequest,
} from '../enrol/index.ts';
import { type Role, requestFromText, requestPem } from '../pki/index.ts';
import type { Keystore } from '../trust/index.ts';
import { noteSubmitted, type PendingRequest } from './pending-requests.ts';

/** A request, and where it waits when it is one of this machine's. */
export interface OwnRequest {
  readonly keystore: Keystore | undefined;
  readonly own: PendingRequest | undefined;
  /** PKCS#10, or what is signed around it. */
  readonly der: Bytes;
}

/** What is said with a request. */
export interface RequestWish {
  readonly profile?: Role | undefined;
  /** What the node is to be called. */
  readonly name?: string | undefined;
  /** Decides at once, by itself. */
  readonly code?: JoinCode | undefined;
}

/** What became of a request that was handed in. */
export interface HandedIn {
  readonly answer: RequestAnswer & { readonly handle: string };
  /** As it waits here from now on, when its key does. */
  readonly pending: PendingRequest | undefined;
}

/** Hands a request in, and keeps with one of this machine's where it was sent. Errors: as {@link submitRequest} */
export async function handIn(
  { keystore, own, der }: OwnRequest,
  { profile, name, code }: RequestWish,
  server: RequestServer,
): Promise<HandedIn> {
  const nodeName = code === undefined ? name : joinCodeFor(code, name).name;
  const wish = { profile, name: nodeName, code: code && encodeJoinCode(code) };
  const answer = await submitRequest({ request: textOf(der), ...wish }, server);
  return { answer, pending: own && keystore && (await keepHandle(keystore, own, server, answer)) };
}

async function keepHandle(
  keystore: Keystore,
  own: PendingRequest,
  { address, bundle }: RequestServer,
  { handle, identity }: HandedIn['answer'],
): Promise<PendingRequest> {
  const [role = '', name = ''] = identity.split('/');
  const root = bundle.anchors[0]?.fingerprint ?? '';
  const submitted = { server: address, root, handle, role, name };
  await noteSubmitted(keystore, own, submitted);
  return { ...own, submitted };
}

/** PEM for PKCS#10, which is what it nearly always is, and base64 for what is signed around it. */
function textOf(der: Bytes): string {
  const { kind } = requestFromText(der);
  return kind === 'pkcs10' ? requestPem(der) : asBuffer(der).toString('base64');
}
