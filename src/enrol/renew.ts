import { type Clock, isHoldfastError } from '../base/index.ts';
import type { Identity } from '../pki/index.ts';
import type { Line, Ticket, TicketOrder, TlsDialer } from '../transport/index.ts';
import type { Keystore, TrustBundle } from '../trust/index.ts';
import type { SignedCheckpoint } from './checkpoint.ts';
import { type Enrolment, readEnrolment } from './enrolment.ts';
import { acceptedJson, exchange } from './exchange.ts';
import { enrolPaths, parseAnswer, type RenewRequest, TicketAnswer, type TicketRequest } from './message.ts';
import { createNodeRequest, PendingKey } from './node-request.ts';

/** What a renewal needs. */
interface RenewOptions {
  readonly identity: Identity;
  readonly keystore: Keystore;
  /** Under which label key and chain are. */
  readonly label: string;
  /** `https://host:port` of a listener with `control`. */
  readonly server: string;
  /** Dials with the present certificate. */
  readonly dialer: TlsDialer;
  /** The roots trusted now. */
  readonly bundle: TrustBundle;
  /** The newest checkpoint this node was shown. */
  readonly checkpoint?: SignedCheckpoint;
  /** Keeps what else came, durably; called before the keystore changes. */
  readonly keep: (enrolment: Enrolment) => Promise<void>;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
  /** What decides when to ask again; asked once without. */
  readonly line?: Line;
}

/**
 * Gets the next certificate for a new key, over mutual TLS with the present one, and puts both in its place in the
 * keystore. Can be called again after any failure, a crash included; until it succeeds the old certificate stays.
 *
 * @throws HoldfastError `request_not_allowed`, `authority_superseded`, `certificate_*`, `host_*`, `connection_*`, `tls_*`,
 *   `refused_by_peer`
 */
export async function renew(options: RenewOptions): Promise<Enrolment> {
  const { identity, keystore, label, server, dialer, bundle, checkpoint, clock, signal, line } = options;
  const pending = await PendingKey.take(keystore, `${label} renewal`);
  const { spki, request } = createNodeRequest(identity, pending.key);
  const message: RenewRequest = { version: 1, request, checkpoint };
  const answer = await exchange({
    url: `${server}${enrolPaths.renew}`,
    message,
    connection: { agent: dialer.agent() },
    signal,
    line,
  });
  try {
    const at = new Date(clock.now());
    const enrolment = readEnrolment(acceptedJson(answer, server), { identity, spki, bundle, at });
    await options.keep(enrolment);
    await pending.settle(label, enrolment.chain);
    return enrolment;
  } catch (error) {
    // The key itself is refused, so that the next attempt has to come with another one, or nothing is ever renewed.
    if (isHoldfastError(error, 'request_not_allowed', 'certificate_expired', 'certificate_revoked'))
      await pending.discard();
    throw error;
  }
}

/** Whom to ask. */
interface AskTicketsOptions {
  /** Dials as the client whose objects they are. */
  readonly dialer: TlsDialer;
  /** `https://host:port` of a listener with `control`. */
  readonly server: string;
  readonly orders: readonly TicketOrder[];
  readonly signal?: AbortSignal | undefined;
  readonly line?: Line;
}

/**
 * Asks a server for tickets of its plain data channel; undefined where objects go over TLS there.
 *
 * @throws HoldfastError as `exchange`, and what the server refuses by: an older one knows no such address
 */
export async function askTickets({
  dialer,
  server,
  orders,
  signal,
  line,
}: AskTicketsOptions): Promise<{ readonly plain: URL; readonly tickets: readonly Ticket[] } | undefined> {
  const message: TicketRequest = { version: 1, orders: [...orders] };
  const connection = { agent: dialer.agent() };
  const answer = await exchange({ url: `${server}${enrolPaths.tickets}`, message, connection, signal, line });
  const { channel } = parseAnswer(TicketAnswer, acceptedJson(answer, server), server);
  if (channel === undefined) return undefined;
  const plain = new URL(server);
  return { plain: new URL(`http://${plain.hostname}:${channel.port}`), tickets: channel.tickets };
}
