import { hash } from 'node:crypto';
import { asBuffer, type Bytes } from '../base/index.ts';
import type { Line, TlsDialer } from '../transport/index.ts';
import { acceptedJson, exchange } from './exchange.ts';
import { EscrowPage, type EscrowRequest, enrolPaths, parseAnswer } from './message.ts';

/** What is left with a server, and where. */
interface EscrowOptions {
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

/** Where to ask. */
interface FetchEscrowOptions {
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

/**
 * `1f3a-90c2-…`: the first 128 bits of the SHA-256 of a sealed password, as people copy them onto a recovery kit. The
 * audit log holds the whole hash.
 */
export type EscrowFingerprint = string & { readonly __brand: 'EscrowFingerprint' };

const digits = 32;

/** What tells a sealed password from any other that somebody could seal to the same recovery key. */
export function escrowFingerprint(sealed: Bytes): EscrowFingerprint {
  return grouped(hash('sha256', sealed, 'hex'));
}

/** The fingerprint that a person typed, with or without dashes, or the whole hash; undefined when it is none. */
export function parseEscrowFingerprint(text: string): EscrowFingerprint | undefined {
  const hex = text.replaceAll(/[-\s:]/g, '').toLowerCase();
  return /^(?:[0-9a-f]{32}|[0-9a-f]{64})$/.test(hex) ? grouped(hex) : undefined;
}

function grouped(hex: string): EscrowFingerprint {
  return (hex.slice(0, digits).match(/.{4}/g) ?? []).join('-') as EscrowFingerprint;
}
