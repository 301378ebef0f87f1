import type { Bytes } from '../base/index.ts';
import type { Line, TlsDialer } from '../transport/index.ts';
import { acceptedJson, exchange } from './exchange.ts';
import { EscrowPage, enrolPaths, parseAnswer } from './message.ts';

/** Where to ask. */
export interface FetchEscrowOptions {
  /** Dials with the certificate of the client that left it. */
  readonly dialer: TlsDialer;
  /** `https://host:port` of a listener with `control`. */
  readonly server: string;
  readonly signal?: AbortSignal;
  /** What decides when to ask again; asked once without. */
  readonly line?: Line;
}

/** The sealed password of a key. */
export interface SealedPassword {
  /** The repository's id. */
  readonly repository: string;
  readonly sealed: Bytes;
}

/**
 * What this client left with the server, the newest first; asked for as it is read.
 *
 * @throws HoldfastError as {@link leaveEscrow}
 */
export async function* fetchEscrow({
  dialer,
  server,
  signal,
  line,
}: FetchEscrowOptions): AsyncGenerator<SealedPassword> {
  let before: number | undefined;
  for (;;) {
    const url = `${server}${enrolPaths.escrow}${before === undefined ? '' : `?before=${before}`}`;
    const answer = await exchange({ url, connection: { agent: dialer.agent() }, signal, line });
    const page = parseAnswer(EscrowPage, acceptedJson(answer, server), server);
    for (const { repository, sealed } of page.entries)
      yield { repository, sealed: Uint8Array.from(Buffer.from(sealed, 'base64')) };
    const last = page.entries.at(-1);
    if (!page.more || last === undefined || last.id >= (before ?? Infinity)) return;
    before = last.id;
  }
}
