import type { Bytes } from '../base/index.ts';
import type { TlsDialer } from '../transport/index.ts';
import { acceptedJson, exchange } from './exchange.ts';
import { enrolPaths } from './message.ts';

/** Where to ask. */
export interface FetchRootCrlOptions {
  /** Dials with a certificate of the network, be it one whose issuer is revoked. */
  readonly dialer: TlsDialer;
  /** `https://host:port` of a listener with `control`. */
  readonly server: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The newest revocation list of the root, DER, as the server gives it: nothing of it is believed yet.
 * @throws HoldfastError as `exchange`, and with what the server refuses by: an older one knows no such address
 */
export async function fetchRootCrl({ dialer, server, signal }: FetchRootCrlOptions): Promise<Bytes> {
  const url = `${server}${enrolPaths.rootCrl}`;
  const answer = await exchange({ url, connection: { agent: dialer.agent() }, signal });
  if (answer.status !== 200) acceptedJson(answer, server);
  return answer.body;
}
