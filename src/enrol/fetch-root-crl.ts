import type { Bytes } from '../base/index.ts';
import type { TlsDialer } from '../transport/index.ts';
import type { SignedCheckpoint } from './checkpoint.ts';
import { acceptedJson, exchange } from './exchange.ts';
import { enrolPaths } from './message.ts';

/** Where to ask. */
export interface FetchRootCrlOptions {
  /** Dials with a certificate of the network, be it one whose issuer is revoked. */
  readonly dialer: TlsDialer;
  /** `https://host:port` of a listener with `control`. */
  readonly server: string;
  /** The newest checkpoint this node was shown, which the server hears before it looks at the certificate. */
  readonly checkpoint: SignedCheckpoint;
  /** The number of the newest list that is here. */
  readonly known?: bigint | undefined;
  readonly signal?: AbortSignal;
}

/** A root that was there before the network may have revoked some hundred thousand certificates. */
const maxRootCrlBytes = 16 * 1024 * 1024;

/** What a server says when a node comes to it: nothing of it is believed yet. */
export interface RootCrlAnswer {
  /** How far its log has come; an older server does not say. */
  readonly checkpoint?: SignedCheckpoint;
  /**
   * The newest revocation list of the root, DER; undefined where it is the one that is here.
   * @throws HoldfastError what the server refuses by: an older one knows no such address
   */
  readonly list: () => Bytes | undefined;
}

/** Asks a server what its root has revoked, and how far its log has come. @throws HoldfastError as `exchange` */
export async function fetchRootCrl({
  dialer,
  server,
  checkpoint,
  known,
  signal,
}: FetchRootCrlOptions): Promise<RootCrlAnswer> {
  const url = `${server}${enrolPaths.rootCrl}`;
  const answer = await exchange({
    url,
    connection: { agent: dialer.agent() },
    checkpoint,
    signal,
    maxBytes: maxRootCrlBytes,
    known: known === undefined ? undefined : `"${known}"`,
  });
  return {
    checkpoint: answer.checkpoint,
    list() {
      if (answer.status === 304) return undefined;
      if (answer.status !== 200) acceptedJson(answer, server);
      return answer.body;
    },
  };
}
