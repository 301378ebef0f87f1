import { isHoldfastError } from '../base/index.ts';
import { answerMalformed, type TlsDialer } from '../transport/index.ts';
import { parseTrustBundle, type TrustBundle } from '../trust/index.ts';
import { acceptedJson, exchange } from './exchange.ts';
import { enrolPaths } from './message.ts';

/** Where to ask. */
export interface FetchTrustOptions {
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
