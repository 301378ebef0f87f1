import { asBuffer, type Bytes } from '../base/index.ts';
import type { Line, TlsDialer } from '../transport/index.ts';
import { acceptedJson, exchange } from './exchange.ts';
import { type EscrowRequest, enrolPaths } from './message.ts';

/** What is left with a server, and where. */
export interface EscrowOptions {
  /** Dials with the certificate of the client whose repository it is. */
  readonly dialer: TlsDialer;
  /** `https://host:port` of a listener with `control`. */
  readonly server: string;
  /** The repository's id. */
  readonly repository: string;
  /** The password of a second key, sealed to the network's recovery key (age). */
  readonly sealed: Bytes;
  readonly signal?: AbortSignal;
  /** What decides when to ask again; asked once without. */
  readonly line?: Line;
}

/**
 * Leaves the sealed password of a repository's second key with the server, beside what was left before for the same
 * repository.
 *
 * @throws HoldfastError as {@link renew}
 */
export async function leaveEscrow({
  dialer,
  server,
  repository,
  sealed,
  signal,
  line,
}: EscrowOptions): Promise<void> {
  const message: EscrowRequest = { version: 1, repository, sealed: asBuffer(sealed).toString('base64') };
  const url = `${server}${enrolPaths.escrow}`;
  acceptedJson(await exchange({ url, message, connection: { agent: dialer.agent() }, signal, line }), server);
}
