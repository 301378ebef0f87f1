import { hash, type KeyObject } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { asBuffer, type Bytes, HoldfastError, isHoldfastError } from '../base/index.ts';
import { type Certificate, publicKeyOf } from '../pki/index.ts';
import type { TlsDialer } from '../transport/index.ts';
import { type TrustBundle, verifyIssuing } from '../trust/index.ts';
import { acceptedJson, exchange } from './exchange.ts';
import { isMessage, parseAnswer } from './message.ts';
import { isSignedText, signText } from './signed-text.ts';

const base64 = (maxLength: number) => Type.String({ pattern: '^[A-Za-z0-9+/]+={0,2}$', maxLength });
const Name = Type.String({ pattern: '^[a-z0-9][a-z0-9._-]{0,62}$' });
const Moment = Type.String({ maxLength: 40 });
const Count = Type.Integer({ minimum: 0 });

/** `https://host:port`. */
export const NodeAddress = Type.String({ pattern: '^https://[A-Za-z0-9._:\\[\\]-]+$', maxLength: 300 });

/** What one client may, where that is not what all may. */
const ViewedClient = Type.Object({
  name: Name,
  prune: Type.Boolean(),
  /** Bytes; null for what the policy says. */
  quota: Type.Union([Count, Type.Null()]),
  quarantinedAt: Type.Union([Moment, Type.Null()]),
});

/** A storage node, and where it is. */
export const StorageNodeAddresses = Type.Object({ name: Name, servers: Type.Array(NodeAddress) });
export type StorageNodeAddresses = Static<typeof StorageNodeAddresses>;

/**
 * What a storage node has to know of its network to serve it without asking anybody: who is good, what each client may, what
 * the network has decided. A newer authority may say more, which an older node passes over.
 */
export const NetworkView = Type.Object({
  version: Type.Literal(1),
  network: Type.String(),
  /** Of the log that it was made from: 1 for a new authority, one more after each restore. */
  epoch: Type.Integer({ minimum: 1 }),
  /** Number of the last record of that log by then. */
  sequence: Count,
  made: Moment,
  /** After this whoever goes by it takes nothing new. */
  notAfter: Moment,
  /** Certificates that have ever signed for nodes, DER. */
  issuings: Type.Array(base64(16 * 1024), { maxItems: 1000 }),
  /** {@link certificateTag} of each certificate of a client, server or storage node that is good. */
  good: Type.Array(Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' })),
  clients: Type.Array(ViewedClient),
  policy: Type.Object({
    /** What each client may store; 0 for as much as there is room. */
    quotaBytes: Count,
    trashTimeMs: Count,
    /** What the retention lock was over time, milliseconds. */
    locks: Type.Array(Type.Object({ fromMs: Type.Integer(), lockMs: Count })),
  }),
  nodes: Type.Array(StorageNodeAddresses),
  /** What is copied from where to where; an older authority says nothing of it. */
  replications: Type.Optional(
    Type.Array(
      Type.Object({
        from: Name,
        to: Type.Array(Name),
        keep: Count,
        removeAfterMs: Count,
        rate: Type.Optional(Type.String({ maxLength: 200 })),
        zone: Type.String({ maxLength: 64 }),
      }),
    ),
  ),
});
export type NetworkView = Static<typeof NetworkView>;

/** A view's exact text, its signature by the key of an issuing certificate, and that certificate, DER in base64. */
export const SignedNetworkView = Type.Object({
  view: Type.String(),
  signature: Type.String({ maxLength: 1024 }),
  issuing: base64(16 * 1024),
});
export type SignedNetworkView = Static<typeof SignedNetworkView>;

const domain = 'holdfast network view v1';

/** By what a view names a certificate: nobody makes another one of the same tag, whoever's key he has. */
export function certificateTag(der: Bytes): string {
  return hash('sha256', der, 'base64url');
}

/** Signs a view. */
export function signNetworkView(
  view: NetworkView,
  { key, certificate }: { readonly key: KeyObject; readonly certificate: Certificate },
): SignedNetworkView {
  const text = JSON.stringify(view);
  return {
    view: text,
    signature: signText(domain, text, key),
    issuing: asBuffer(certificate.der).toString('base64'),
  };
}

/**
 * The view that an issuing certificate of the network has signed. Whether it still counts is for the caller to look at.
 * @throws HoldfastError `view_invalid` for any other; as `verifyIssuing` for one that was signed by somebody who issues nothing here
 */
export function verifyNetworkView(
  { view: text, signature, issuing: signer }: SignedNetworkView,
  { bundle, at }: { readonly bundle: TrustBundle; readonly at: Date },
): NetworkView {
  const issuing = verifyIssuing(new Uint8Array(Buffer.from(signer, 'base64')), bundle, at);
  if (!isSignedText(domain, { text, signature, key: publicKeyOf(issuing) }))
    throw invalid('the certificate beside it did not sign it');
  const view = parsed(text);
  if (!isMessage(NetworkView, view)) throw invalid('it says what this program does not understand');
  if (view.network !== bundle.network)
    throw invalid(`it is of ${JSON.stringify(view.network.slice(0, 80))}, expected ${bundle.network}`);
  if (Number.isNaN(Date.parse(view.made)) || Number.isNaN(Date.parse(view.notAfter)))
    throw invalid('it does not say from when to when it counts');
  return view;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function invalid(problem: string): HoldfastError {
  return new HoldfastError('view_invalid', `the view of the network is none to go by: ${problem}`);
}

/** Where storage nodes and their clients learn of each other. On `control`. */
export const viewPaths = {
  /** GET: {@link SignedNetworkView}, held back until it is another one. */
  view: '/-/control/network-view',
  /** POST {@link StorageReport}. */
  report: '/-/control/storage-report',
  /** GET: {@link StorageNodes}. */
  nodes: '/-/control/storage-nodes',
} as const;

/** A node's way to a server of its network. */
interface ViewWay {
  readonly dialer: TlsDialer;
  /** `https://host:port` of a listener with `control`. */
  readonly server: string;
  readonly signal: AbortSignal;
}

/** Of a network with half a million nodes. */
const maxViewBytes = 48 * 1024 * 1024;

/** A view, and the tag by which it is known from then on. */
export interface ToldView {
  readonly signed: SignedNetworkView;
  readonly tag: string;
}

/**
 * Asks for the view of the network; a server holds the answer back while it is what `known` names: undefined then. Nothing of
 * it is believed yet.
 * @throws HoldfastError as `exchange`, and what the server refuses by
 */
export async function askNetworkView(
  { dialer, server, signal }: ViewWay,
  known: string | undefined,
): Promise<ToldView | undefined> {
  const { status, body, tag } = await exchange({
    url: `${server}${viewPaths.view}`,
    connection: { agent: dialer.agent() },
    signal,
    known,
    maxBytes: maxViewBytes,
  });
  if (status === 304) return undefined;
  const signed = parseAnswer(SignedNetworkView, acceptedJson({ status, body }, server), server);
  return { signed, tag: tag ?? '' };
}

/** How a storage node is: its word only. */
export const StorageReport = Type.Object(
  {
    version: Type.Literal(1),
    /** Where it serves repositories. */
    port: Type.Integer({ minimum: 1, maximum: 65_535 }),
    /** When the view was made that it goes by. */
    viewMade: Moment,
    /** Why it serves no repositories. */
    problem: Type.Optional(Type.String({ maxLength: 500 })),
    /** What else needs attention there: stored files that are damaged, copies that lag behind. */
    attention: Type.Optional(Type.String({ maxLength: 500 })),
    /** Bytes that its disk has, and that can still be stored. */
    capacity: Type.Optional(Count),
    free: Type.Optional(Count),
    /** Bytes of all repositories. */
    stored: Type.Optional(Count),
  },
  { additionalProperties: false },
);
export type StorageReport = Static<typeof StorageReport>;

/** Says how this storage node is. @throws HoldfastError as `exchange`, and what the server refuses by */
export async function sendStorageReport(
  { dialer, server, signal }: ViewWay,
  report: Omit<StorageReport, 'version'>,
): Promise<void> {
  const message: StorageReport = { version: 1, ...report };
  const connection = { agent: dialer.agent() };
  acceptedJson(await exchange({ url: `${server}${viewPaths.report}`, message, connection, signal }), server);
}

/** The storage nodes of a network, as clients are told of them. */
export const StorageNodes = Type.Object({
  version: Type.Literal(1),
  nodes: Type.Array(StorageNodeAddresses),
});
export type StorageNodes = Static<typeof StorageNodes>;

/** Which storage nodes there are, and where. An older server knows of none. @throws HoldfastError as `exchange`, and what the server refuses by */
export async function fetchStorageNodes({
  dialer,
  server,
  signal,
}: ViewWay): Promise<readonly StorageNodeAddresses[]> {
  const answer = await exchange({
    url: `${server}${viewPaths.nodes}`,
    connection: { agent: dialer.agent() },
    signal,
  });
  try {
    return parseAnswer(StorageNodes, acceptedJson(answer, server), server).nodes;
  } catch (error) {
    if (isHoldfastError(error, 'operation_unknown')) return [];
    throw error;
  }
}
