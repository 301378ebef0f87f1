import { type Static, Type } from 'typebox';
import { type Clock, HoldfastError } from '../base/index.ts';
import { type Fingerprint, fingerprint, parseCertificate, parseNetworkUri, roles } from '../pki/index.ts';
import { Hot, type Line, TlsDialer } from '../transport/index.ts';
import { singleRootBundle, type TrustBundle } from '../trust/index.ts';
import { acceptedJson, exchange } from './exchange.ts';
import { fetchRoot } from './fetch-trust.ts';
import { EnrolmentAnswer, parseAnswer } from './message.ts';

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

/** Where requests are handed in and asked after, on `enrol`. */
export const requestPaths = {
  /** POST {@link SubmitRequest}, answered by {@link RequestAnswer}. */
  submit: '/-/enrol/requests',
  /** GET: {@link RequestAnswer}. */
  follow: (handle: string): string => `/-/enrol/requests/${handle}`,
} as const;

/** The most that a request may be as it is sent: 64 KiB of DER, as PEM inside JSON. */
export const maxSubmissionBytes = 96 * 1024;

/** What a request is followed by: 128 random bits. Whoever has it can see what became of the request. */
export const RequestHandle = Type.String({ pattern: '^[a-z2-7]{26}$' });

/** Somebody hands a request in. */
export const SubmitRequest = Type.Object(
  {
    /** PKCS#10 or, signed with the certificate to be renewed, PKCS#7: PEM or base64 of the DER. */
    request: Type.String({ minLength: 1, maxLength: maxSubmissionBytes }),
    /** The role that is wanted. */
    profile: Type.Optional(Type.Enum([...roles])),
    /** What the node is to be called. */
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 63 })),
    /** A join code, which decides at once. */
    code: Type.Optional(Type.String({ maxLength: 2048 })),
  },
  { additionalProperties: false },
);
export type SubmitRequest = Static<typeof SubmitRequest>;

/** What has become of a request. */
export const RequestState = Type.Enum(['pending', 'approved', 'denied', 'expired']);
export type RequestState = Static<typeof RequestState>;

/** How a request stands. */
export const RequestAnswer = Type.Object({
  /** Only in the answer to the submission. */
  handle: Type.Optional(RequestHandle),
  state: RequestState,
  /** `server/vault`: what it is for. */
  identity: Type.String({ maxLength: 100 }),
  /** ISO 8601: until when it waits for a decision. */
  expires: Type.String({ maxLength: 40 }),
  /** While it waits: what it asks for and would not get. */
  leftOut: Type.Optional(Type.Array(Type.String({ maxLength: 1000 }), { maxItems: 32 })),
  /** Why it was denied. */
  reason: Type.Optional(Type.String({ maxLength: 2000 })),
  /** Once approved: DER in base64, the leaf, then the issuing certificate. */
  chain: Type.Optional(Type.Array(Type.String({ maxLength: 128 * 1024 }), { minItems: 2, maxItems: 4 })),
  /** Once approved: all that a machine needs to become the node. */
  enrolment: Type.Optional(EnrolmentAnswer),
});
export type RequestAnswer = Static<typeof RequestAnswer>;
