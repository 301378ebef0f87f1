import type { Agent } from 'node:http';
import { type Bytes, HoldfastError, isHoldfastError, type Log, minuteMs } from '../base/index.ts';
import {
  type ByteRange,
  ForwardingStore,
  formatObjectRef,
  isRepeatable,
  type ObjectBody,
  type ObjectRef,
  type ObjectStore,
  type ReadOptions,
  type WriteOptions,
} from '../storage/index.ts';
import {
  askHttp,
  discardBody,
  expectedSeal,
  type HttpAnswer,
  isSealed,
  receiveBytes,
  sealBytes,
  sealHeader,
  type Ticket,
  type TicketOrder,
  ticketHeader,
  transportError,
} from '../transport/index.ts';
import { rangeHeader } from './object-answer.ts';

/** Tickets for as many orders, in their order. */
export interface GivenTickets {
  /** `http://HOST:PORT` of the plain listener that takes them. */
  readonly plain: URL;
  readonly tickets: readonly Ticket[];
}

/** Gets tickets over TLS; undefined where objects go over TLS. Errors: as any request of the node */
export type AskTickets = (
  orders: readonly TicketOrder[],
  signal: AbortSignal | undefined,
) => Promise<GivenTickets | undefined>;

export interface TicketStoreOptions {
  /** Keeps the plain connections; asked for once there is one to be made. */
  readonly agent: () => Agent;
  readonly askTickets: AskTickets;
  readonly log: Log;
}

/** How long all goes over TLS after the plain line failed, or the server said that it does. */
const restMs = minuteMs;

/** What is smaller goes over TLS, where it costs less than the ticket that it would need. */
const leastBytes = 256 * 1024;

/** What is held in memory at once; larger parts go over TLS. */
const maxHeldBytes = 256 * 1024 ** 2;

/**
 * Moves the bytes of packs, and of large parts of them, over a plain line, and all else by the store behind it, which is TLS. Packs are encrypted before
 * they come here; a ticket from the TLS side says what may be sent or had, once, and by the seal of the answer it is
 * known who gave it. Whatever does not come about so, for any reason, is done over TLS.
 */
export class TicketStore extends ForwardingStore {
  readonly #options: TicketStoreOptions;
  readonly #tickets: TicketCounter;
  /** Until when nothing is tried: what is wrong with a line is wrong for every object. */
  #restUntil = 0;

  constructor(inner: ObjectStore, options: TicketStoreOptions) {
    super(inner);
    this.#options = options;
    this.#tickets = new TicketCounter(options.askTickets);
  }

  override async write(ref: ObjectRef, body: ObjectBody, options: WriteOptions): Promise<void> {
    // What fails here is sent a second time, over TLS.
    if (ref.type !== 'data' || !isRepeatable(body) || options.size < leastBytes)
      return await super.write(ref, body, options);
    const { size, signal } = options;
    const sent = await this.#tryPlain(signal, async () => {
      const order = { method: 'POST', path: this.#pathOf(ref), offset: 0, length: size } as const;
      const given = await this.#tickets.get(order, signal);
      if (given === undefined) return undefined;
      const answer = await this.#ask(order, given, { body: { chunks: body, size }, signal });
      const seal = Buffer.from(String(answer.message.headers[sealHeader] ?? ''), 'base64url');
      await discardBody(answer);
      if (answer.status !== 200) throw refused(answer);
      checkSealed(isSealed(expectedSeal(given.ticket, answer.status), seal), answer.host);
      return true;
    });
    if (sent !== true) await super.write(ref, body, options);
  }

  override async read(ref: ObjectRef, options: ReadOptions = {}): Promise<Bytes> {
    const { range, signal } = options;
    const length = range?.length ?? 0;
    // Only of a part is it known here how long it is.
    if (ref.type !== 'data' || range === undefined || length < leastBytes || length > maxHeldBytes)
      return await super.read(ref, options);
    const part = { offset: range.offset, length };
    const read = await this.#tryPlain(signal, () => this.#readPlain(ref, part, signal));
    return read ?? (await super.read(ref, options));
  }

  async #readPlain(
    ref: ObjectRef,
    { offset, length }: Required<ByteRange>,
    signal: AbortSignal | undefined,
  ): Promise<Bytes | undefined> {
    const order = { method: 'GET', path: this.#pathOf(ref), offset, length } as const;
    const given = await this.#tickets.get(order, signal);
    if (given === undefined) return undefined;
    const answer = await this.#ask(order, given, { headers: rangeHeader({ offset, length }), signal });
    if (answer.status !== 206) {
      answer.close();
      throw refused(answer);
    }
    const sealed = await receiveBytes(answer, length + sealBytes);
    const bytes = sealed.subarray(0, length);
    const expected = expectedSeal(given.ticket, answer.status).update(bytes);
    checkSealed(isSealed(expected, sealed.subarray(length)), answer.host);
    return bytes;
  }

  /** What `attempt` gives, or nothing where it fails by the line: what was asked is to be done over TLS then. */
  async #tryPlain<Result>(
    signal: AbortSignal | undefined,
    attempt: () => Promise<Result | undefined>,
  ): Promise<Result | undefined> {
    if (performance.now() < this.#restUntil) return undefined;
    try {
      const result = await attempt();
      if (result === undefined) this.#rest();
      return result;
    } catch (error) {
      signal?.throwIfAborted();
      if (!isHoldfastError(error)) throw error;
      // Others that were under way fail by the same.
      if (performance.now() >= this.#restUntil)
        this.#options.log.warn('what cannot go over the plain data channel goes over TLS', { error });
      this.#rest();
      return undefined;
    }
  }

  #rest(): void {
    this.#restUntil = performance.now() + restMs;
  }

  #pathOf(ref: ObjectRef): string {
    return `${new URL(this.location).pathname}${formatObjectRef(ref)}`;
  }

  async #ask(
    { method, path }: TicketOrder,
    { ticket, plain }: GivenTicket,
    request: Pick<Parameters<typeof askHttp>[0], 'headers' | 'body' | 'signal'>,
  ): Promise<HttpAnswer> {
    const { agent } = this.#options;
    const headers = { ...request.headers, authorization: ticketHeader(ticket) };
    try {
      return await askHttp({ ...request, method, headers, url: new URL(path, plain), agent: agent() });
    } catch (error) {
      throw transportError(error, plain.host);
    }
  }
}

function refused({ status, host }: HttpAnswer): HoldfastError {
  return new HoldfastError('ticket_refused', `${host} answered ${status} to a ticket`);
}

function checkSealed(sealed: boolean, host: string): void {
  if (sealed) return;
  throw new HoldfastError(
    'ticket_refused',
    `what answered at ${host} is not the server that gave the ticket, or its answer was changed on the way`,
  );
}

/** As many as a server gives at once. */
const maxOrders = 64;

interface GivenTicket extends Pick<GivenTickets, 'plain'> {
  readonly ticket: Ticket;
}

interface WaitingOrder {
  readonly order: TicketOrder;
  readonly signal: AbortSignal | undefined;
  readonly settle: PromiseWithResolvers<GivenTicket | undefined>;
}

/**
 * Where tickets are had. What comes while tickets are asked for is asked for together after them: what a question costs
 * falls on all the orders that come within the time of one.
 */
class TicketCounter {
  readonly #askTickets: AskTickets;
  #waiting: WaitingOrder[] = [];
  #isAsking = false;

  constructor(askTickets: AskTickets) {
    this.#askTickets = askTickets;
  }

  /** Undefined where objects go over TLS. */
  get(order: TicketOrder, signal: AbortSignal | undefined): Promise<GivenTicket | undefined> {
    const settle = Promise.withResolvers<GivenTicket | undefined>();
    this.#waiting.push({ order, signal, settle });
    if (!this.#isAsking) setImmediate(() => void this.#askAll());
    this.#isAsking = true;
    return settle.promise;
  }

  async #askAll(): Promise<void> {
    while (this.#waiting.length > 0) await askSome(this.#askTickets, this.#waiting.splice(0, maxOrders));
    this.#isAsking = false;
  }
}

async function askSome(askTickets: AskTickets, waiting: readonly WaitingOrder[]): Promise<void> {
  // One that is given up is no reason for the others to wait no longer.
  const [signal, ...others] = new Set(waiting.map((each) => each.signal));
  try {
    const given = await askTickets(
      waiting.map(({ order }) => order),
      others.length === 0 ? signal : undefined,
    );
    for (const [at, { settle }] of waiting.entries()) settle.resolve(given && ticketAt(given, at));
  } catch (error) {
    for (const { settle } of waiting) settle.reject(error);
  }
}

function ticketAt({ plain, tickets }: GivenTickets, at: number): GivenTicket {
  const ticket = tickets[at];
  if (ticket === undefined)
    throw new HoldfastError('answer_malformed', 'fewer tickets came than were asked for');
  return { plain, ticket };
}
