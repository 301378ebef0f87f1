import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { type Clock, HoldfastError } from '../base/index.ts';
import type { TicketAnswer } from '../enrol/index.ts';
import type { Identity } from '../pki/index.ts';
import {
  type Peer,
  type PeerGate,
  TicketOffice,
  type TicketOrder,
  ticketLifetimeMs,
} from '../transport/index.ts';
import { parseStoragePath, type StorageExchange } from './storage-path.ts';

/** Whoever shows a ticket on the plain data channel: for one request, the client that it was given to. */
export interface TicketPeer {
  readonly by: 'ticket';
  readonly identity: Identity;
  /** Seals the answer, so that the client knows who gave it. */
  readonly seal: NonNullable<StorageExchange['seal']>;
}

interface Holder {
  readonly peer: Peer;
  /** When the last of its tickets ends. */
  readonly untilMs: number;
}

export interface TicketGateOptions {
  /** The name of this server: what it gives is good here alone. */
  readonly node: string;
  /** The plain port that takes them; undefined where objects go over TLS. */
  readonly port: () => number | undefined;
  /** Where repositories are, for whoever comes without: `https://vault:8443`. */
  readonly where: () => string | undefined;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * The plain data channel: gives tickets to clients that come over TLS, and says who shows one on a plain port. Nothing but
 * packs comes here, which their clients have encrypted; each request needs a ticket for exactly it, and who may not come over TLS any
 * more has no use of those it was given.
 */
export class TicketGate {
  readonly #options: TicketGateOptions;
  readonly #office: TicketOffice;
  /** Who was given tickets that may still be shown, whoever got some last at the end. */
  readonly #holders = new Map<string, Holder>();
  /** What is under way on plain ports. */
  readonly #busy = new Map<Socket, Peer>();

  constructor(options: TicketGateOptions) {
    this.#options = options;
    this.#office = new TicketOffice(options.node, options.clock);
  }

  /** Tickets, and the port; undefined where objects go over TLS. @throws HoldfastError `namespace_forbidden` for what is no pack of the client's own */
  give(orders: readonly TicketOrder[], peer: Peer): TicketAnswer['channel'] {
    const port = this.#options.port();
    if (port === undefined) return undefined;
    for (const { path } of orders) checkOrder(path, peer);
    const holder = nameOf(peer);
    const untilMs = this.#options.clock.now() + ticketLifetimeMs;
    this.#holders.delete(holder);
    this.#holders.set(holder, { peer, untilMs });
    return { port, tickets: orders.map((order) => this.#office.give(order, holder)) };
  }

  /**
   * Who sends a request to a plain port, whose ticket is used up by it.
   *
   * @throws HoldfastError `tls_required` without a ticket, `ticket_refused`, `rate_limited`
   */
  async admit(request: IncomingMessage, gate: Pick<PeerGate, 'stands'>): Promise<TicketPeer> {
    const { authorization } = request.headers;
    if (authorization === undefined || this.#options.port() === undefined)
      throw tlsRequired('repositories are', this.#options.where());
    const { order, holder, seal } = this.#office.use(authorization);
    checkRequest(request, order);
    const { peer } = this.#holders.get(holder) ?? {};
    this.#forget();
    if (peer === undefined || !(await gate.stands(peer)))
      throw new HoldfastError('ticket_refused', `${holder} may not come any more`);
    this.#watch(request.socket, peer);
    return { by: 'ticket', identity: peer.identity, seal };
  }

  /** Ends what is under way of those who may not come any more. */
  async recheck(gate: Pick<PeerGate, 'stands'>): Promise<void> {
    for (const [socket, peer] of this.#busy) if (!(await gate.stands(peer))) socket.destroy();
  }

  #watch(socket: Socket, peer: Peer): void {
    if (!this.#busy.has(socket)) socket.once('close', () => this.#busy.delete(socket));
    this.#busy.set(socket, peer);
  }

  /** Those whose last ticket has ended. */
  #forget(): void {
    const nowMs = this.#options.clock.now();
    for (const [holder, { untilMs }] of this.#holders) {
      if (untilMs >= nowMs) return;
      this.#holders.delete(holder);
    }
  }
}

/** By what is let in, so that a certificate that is revoked leaves a token of the same client alone. */
function nameOf(peer: Peer): string {
  const { role, name } = peer.identity;
  const by = peer.by === 'certificate' ? peer.serial : peer.by === 'token' ? String(peer.token) : '';
  return `${role}/${name} by ${peer.by} ${by}`;
}

function checkOrder(path: string, { identity }: Peer): void {
  const parsed = parseStoragePath(path);
  const isPack = parsed?.target.kind === 'object' && parsed.target.ref.type === 'data';
  if (isPack && parsed.namespace.client === identity.name) return;
  throw new HoldfastError('namespace_forbidden', `${path} is no pack of ${identity.name}`);
}

/** Whether a request is the very one that its ticket is for. */
function checkRequest({ method, url, headers }: IncomingMessage, order: TicketOrder): void {
  const asked = method === 'POST' ? headers['content-length'] : headers.range;
  const { offset, length } = order;
  const wanted = order.method === 'POST' ? String(length) : `bytes=${offset}-${offset + length - 1}`;
  if (method === order.method && url === order.path && asked === wanted) return;
  throw new HoldfastError('ticket_refused', `the ticket is for ${order.method} of ${order.path}, ${wanted}`);
}

/** That something is not told on a plain line, and where it is. */
export function tlsRequired(what: string, where = 'https:// here, at the port of TLS'): HoldfastError {
  return new HoldfastError('tls_required', `${what} at ${where}`);
}
