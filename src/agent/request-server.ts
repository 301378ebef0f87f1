import { type Bytes, type Clock, HoldfastError } from '../base/index.ts';
import { bundleByFingerprint, bundleByRoot, isEnrolAddress, type RequestServer } from '../enrol/index.ts';
import { parseFingerprint } from '../pki/index.ts';
import type { Line } from '../transport/index.ts';
import type { TrustBundle } from '../trust/index.ts';
import type { PendingRequest } from './pending-requests.ts';

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
