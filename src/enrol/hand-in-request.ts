import { type Clock, HoldfastError } from '../base/index.ts';
import { type Fingerprint, fingerprint, parseCertificate, parseNetworkUri } from '../pki/index.ts';
import { Hot, type Line, TlsDialer } from '../transport/index.ts';
import { singleRootBundle, type TrustBundle } from '../trust/index.ts';
import { acceptedJson, exchange } from './exchange.ts';
import { fetchRoot } from './fetch-root.ts';
import { parseAnswer } from './message.ts';
import { RequestAnswer, requestPaths, type SubmitRequest } from './request-message.ts';

/** A server that takes requests, and whom to believe about it. */
export interface RequestServer {
  /** `host:port` of a listener with `enrol`. */
  readonly address: string;
  readonly bundle: TrustBundle;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** What decides when to ask again; asked once without. */
  readonly line?: Line;
}

/**
 * Whom to believe of the server at `address` when all that is known is the fingerprint of its network's root.
 * @throws HoldfastError `join_code_wrong_authority` when it has another root, and as {@link submitRequest}
 */
export async function bundleByFingerprint(
  address: string,
  root: Fingerprint,
  options: Pick<RequestServer, 'signal' | 'line'> = {},
): Promise<TrustBundle> {
  return bundleByRoot(await fetchRoot(address, root, options));
}

/** A bundle that trusts a network's root for that network. @throws HoldfastError `certificate_wrong_network` for another certificate */
export function bundleByRoot(root: Uint8Array): TrustBundle {
  const [network] = parseCertificate(root).extensions.subjectAltNames.flatMap((name) =>
    name.kind === 'uri' ? [parseNetworkUri(name.value)] : [],
  );
  if (network !== undefined) return singleRootBundle(network, root);
  throw new HoldfastError(
    'certificate_wrong_network',
    `the certificate ${fingerprint(root)} is not the root of a network`,
  );
}

/**
 * Hands a request in.
 * @throws HoldfastError `queue_closed`, `request_*`, `name_*`, `key_weak`, `rate_limited`, `join_code_*`, `connection_*`,
 *   `tls_*`, `certificate_*`, `refused_by_peer`
 */
export async function submitRequest(
  message: SubmitRequest,
  server: RequestServer,
): Promise<RequestAnswer & { readonly handle: string }> {
  const answer = await ask(server, requestPaths.submit, message);
  if (answer.handle !== undefined) return { ...answer, handle: answer.handle };
  throw new HoldfastError('refused_by_peer', `server ${server.address} took the request and gave no handle`);
}

/** How the request stands that `handle` follows. Errors: `request_unknown`, and as {@link submitRequest}. */
export function followRequest(handle: string, server: RequestServer): Promise<RequestAnswer> {
  return ask(server, requestPaths.follow(handle));
}

async function ask(
  { address, bundle, clock, signal, line }: RequestServer,
  path: string,
  message?: SubmitRequest,
): Promise<RequestAnswer> {
  const dialer = new TlsDialer({ bundle: new Hot(bundle), clock });
  try {
    const connection = { agent: dialer.agent() };
    const url = `https://${address}${path}`;
    const answer = await exchange({
      url,
      connection,
      signal,
      line,
      isKnown: false,
      ...(message && { message }),
    });
    return parseAnswer(RequestAnswer, acceptedJson(answer, address), address);
  } finally {
    dialer.close();
  }
}
