import { asBuffer, type Bytes } from '../base/index.ts';
import type { TlsDialer } from '../transport/index.ts';
import { acceptedJson, exchange } from './exchange.ts';
import { type EscrowRequest, enrolPaths } from './message.ts';

/** A sealed password, and where to leave it. */
export interface PutEscrowOptions {
  /** `https://host:port` of a listener with `control`. */
  readonly server: string;
  /** Dials with the client's certificate. */
  readonly dialer: TlsDialer;
  /** The repository's id. */
  readonly repository: string;
  /** The password of its second key, sealed to the network's recovery recipient (age), 45 kB at most. */
  readonly sealed: Bytes;
  readonly signal?: AbortSignal;
}

/**
 * Leaves the sealed password of a repository with the authority; it is on record there when this resolves.
 * @throws HoldfastError `connection_*`, `tls_failed`, `certificate_*`, `refused_by_peer`
 */
export async function putEscrow(options: PutEscrowOptions): Promise<void> {
  const { server, dialer, repository, sealed, signal } = options;
  const message: EscrowRequest = { version: 1, repository, sealed: asBuffer(sealed).toString('base64') };
  const connection = { agent: dialer.agent() };
  const url = `${server}${enrolPaths.escrow}`;
  acceptedJson(await exchange({ url, method: 'PUT', message, connection, signal }), server);
}
