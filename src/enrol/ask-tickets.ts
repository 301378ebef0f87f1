import type { Line, Ticket, TicketOrder, TlsDialer } from '../transport/index.ts';
import { acceptedJson, exchange } from './exchange.ts';
import { enrolPaths, parseAnswer, TicketAnswer, type TicketRequest } from './message.ts';

/** Whom to ask. */
export interface AskTicketsOptions {
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
