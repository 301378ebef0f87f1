import { type Bytes, HoldfastError, isHoldfastError } from '../base/index.ts';
import { type Fingerprint, fingerprint, parseCertificate } from '../pki/index.ts';
import { answerMalformed, pointingToDoctor, type TlsDialer } from '../transport/index.ts';
import { parseTrustBundle, type TrustBundle } from '../trust/index.ts';
import type { SignedCheckpoint } from './checkpoint.ts';
import { acceptedJson, type ExchangeRequest, exchange } from './exchange.ts';
import { enrolPaths } from './message.ts';

/**
 * The root certificate of the server at `address`, DER. Nothing is believed of this connection: the root is taken only
 * because its SHA-256 is the one expected, and the connection is not used for anything else.
 * @throws HoldfastError `join_code_wrong_authority`, and as `exchange` does
 */
export async function fetchRoot(
  address: string,
  expected: Fingerprint,
  options: Pick<ExchangeRequest, 'signal' | 'line'> = {},
): Promise<Bytes> {
  const connection = { agent: false, rejectUnauthorized: false } as const;
  const { status, body } = await exchange({
    url: `https://${address}${enrolPaths.root}?fingerprint=${encodeURIComponent(expected)}`,
    connection,
    isKnown: false,
    ...options,
  }).catch((error: unknown) => {
    throw pointingToDoctor(error, address);
  });
  if (status !== 200) {
    throw new HoldfastError(
      'refused_by_peer',
      `server ${address} does not hand out its root (status ${status})`,
      {
        hint: 'it enrols only while a join code is live or its queue is on: holdfast token create NAME, or policy set queue on',
      },
    );
  }
  const found = fingerprint(body);
  if (found !== expected || !isCertificate(body)) {
    throw new HoldfastError(
      'join_code_wrong_authority',
      `server ${address} has the root ${found}, expected ${expected}`,
      {
        hint: 'the code or fingerprint is of another network, or somebody stands in between; nothing was told to the server',
      },
    );
  }
  return body;
}

function isCertificate(der: Bytes): boolean {
  try {
    parseCertificate(der);
    return true;
  } catch (error) {
    if (isHoldfastError(error)) return false;
    throw error;
  }
}

/** Where to ask. */
interface FetchRootCrlOptions {
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

/** Where to ask. */
interface FetchTrustOptions {
  /** Dials with a certificate of the network. */
  readonly dialer: TlsDialer;
  /** `https://host:port` of a listener with `control`. */
  readonly server: string;
  readonly signal?: AbortSignal;
}

/**
 * Asks a server whom its nodes trust, which it tells to those alone whose certificate it takes. Nothing of it is believed yet.
 * @throws HoldfastError as `exchange` and `acceptedJson`
 */
export async function fetchTrust({ dialer, server, signal }: FetchTrustOptions): Promise<TrustBundle> {
  const { host } = new URL(server);
  const connection = { agent: dialer.agent() };
  const answer = await exchange({ url: `${server}${enrolPaths.trust}`, connection, signal });
  acceptedJson(answer, host);
  try {
    return parseTrustBundle(Buffer.from(answer.body).toString());
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    throw answerMalformed(host, 'it is no server of a network: what it answers is no trust bundle', error);
  }
}
