import { asBuffer, type Bytes, type Clock, HoldfastError } from '../base/index.ts';
import {
  bundleByFingerprint,
  bundleByRoot,
  encodeJoinCode,
  isEnrolAddress,
  type JoinCode,
  joinCodeFor,
  type RequestAnswer,
  type RequestServer,
  submitRequest,
} from '../enrol/index.ts';
import { parseFingerprint, type Role, requestFromText, requestPem } from '../pki/index.ts';
import type { Line } from '../transport/index.ts';
import type { Keystore, TrustBundle } from '../trust/index.ts';
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

/** Which server is said, and how it is to be known. */
export interface SaidServer {
  /** A URL, or `host:port`. */
  readonly server?: string | undefined;
  /** SHA-256 of the root. */
  readonly fingerprint?: string | undefined;
  /** DER. */
  readonly root?: Bytes | undefined;
}

/** What this machine knows as a node: nothing, when it is none. */
export interface KnownServer {
  readonly address: string | undefined;
  readonly bundle: TrustBundle | undefined;
}

/** How a server is asked. */
export interface RequestWay {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly line: Line;
}

/**
 * The server that requests go to: the one that is said, or that of the network which this machine has joined. Nobody is
 * believed blindly: a stranger has to say the root.
 * @throws HoldfastError `usage` when it is not said, `join_code_wrong_authority`, `certificate_wrong_network`
 */
export async function requestServer(
  said: SaidServer,
  known: KnownServer,
  way: RequestWay,
): Promise<RequestServer> {
  const address = said.server === undefined ? known.address : addressOf(said.server);
  if (address === undefined) {
    throw new HoldfastError('usage', 'this machine has joined no network: which server?', {
      hint: 'name its enrolment listener: --server https://HOST:8444',
    });
  }
  const bundle = (await saidBundle(said, address, way)) ?? known.bundle;
  if (bundle !== undefined) return at(address, bundle, way);
  throw new HoldfastError('usage', `nothing says whom to believe about ${address}`, {
    hint: 'ask its administrator for the fingerprint of the root (holdfast ca show): --fingerprint SHA256:…, or --root FILE',
  });
}

/** The server that a pending request was handed in at, by the root that was believed then; undefined when it was not. */
export async function serverOfRequest(
  { submitted }: PendingRequest,
  way: RequestWay,
): Promise<RequestServer | undefined> {
  const root = parseFingerprint(submitted?.root ?? '');
  if (submitted === undefined || root === undefined) return undefined;
  const { signal, line } = way;
  const bundle = await bundleByFingerprint(submitted.server, root, { signal, line });
  return at(submitted.server, bundle, way);
}

function at(address: string, bundle: TrustBundle, { clock, signal, line }: RequestWay): RequestServer {
  return { address, bundle, clock, signal, line };
}

async function saidBundle(
  { fingerprint, root }: SaidServer,
  address: string,
  { signal, line }: RequestWay,
): Promise<TrustBundle | undefined> {
  if (root !== undefined) return bundleByRoot(root);
  if (fingerprint === undefined) return undefined;
  const parsed = parseFingerprint(fingerprint);
  if (parsed !== undefined) return await bundleByFingerprint(address, parsed, { signal, line });
  throw new HoldfastError(
    'usage',
    `--fingerprint ${fingerprint}: expected the SHA-256 of the root, 64 digits`,
    { hint: 'holdfast ca show at the server says it' },
  );
}

function addressOf(text: string): string {
  const address = text.replace(/^https:\/\//, '').replace(/\/$/, '');
  const withPort = /:\d+$/.test(address) ? address : `${address}:8444`;
  if (isEnrolAddress(withPort)) return withPort;
  throw new HoldfastError(
    'usage',
    `--server ${text}: expected an address such as https://vault.example:8444`,
    { hint: 'holdfast status at the server shows its listeners' },
  );
}
