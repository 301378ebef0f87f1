import { createHmac, type Hmac, randomBytes } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { asBuffer, type Bytes, type Clock, equalSecrets, HoldfastError, secondMs } from '../base/index.ts';

/**
 * What one ticket allows: one request for one object, once. An object is named by the SHA-256 of its bytes, so that `path`
 * says what may be sent as well as where it goes.
 */
export const TicketOrder = Type.Object(
  {
    method: Type.Union([Type.Literal('GET'), Type.Literal('POST')]),
    /** `/<client>/data/<id>`, as it stands in the request. */
    path: Type.String({ pattern: '^/[a-z0-9._/-]{1,300}$' }),
    /** Where the bytes that are wanted begin; 0 for what is sent. */
    offset: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    /** How many bytes are sent, or wanted. */
    length: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  },
  { additionalProperties: false },
);
export type TicketOrder = Static<typeof TicketOrder>;

interface TicketClaims {
  readonly order: TicketOrder;
  /** The one server that takes it. */
  readonly node: string;
  /** Whose certificate or token it was given for: what the server that gave it has to look up. */
  readonly holder: string;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** 128 random bits: by them it is known whether it was used. */
  readonly nonce: string;
}

/** A ticket, and the key that goes with it: the key never crosses the plain line. */
export const Ticket = Type.Object(
  {
    /** What is shown: base64url. */
    claims: Type.String({ pattern: '^[A-Za-z0-9_-]{1,2000}$' }),
    /** 32 bytes, base64url. */
    key: Type.String({ pattern: '^[A-Za-z0-9_-]{43}$' }),
  },
  { additionalProperties: false },
);
export type Ticket = Static<typeof Ticket>;

/** How long a ticket waits for its request to begin. */
export const ticketLifetimeMs = 60 * secondMs;

/** Of one holder, begun within the life of a ticket: many times what a client has under way. */
const maxUsed = 8192;

/** The header that carries a ticket and the proof that its key is known (RFC 9110 §11.4 calls these credentials). */
export const ticketScheme = 'Holdfast-Ticket';

/** The header that carries the answer's seal where there is no body to carry it. */
export const sealHeader = 'holdfast-seal';

/** Bytes of a seal, HMAC-SHA-256. */
export const sealBytes = 32;

/** A ticket that was shown, and may be used now. */
export interface UsedTicket {
  readonly order: TicketOrder;
  readonly holder: string;
  /** Begins the seal of the answer with its status. */
  readonly seal: (status: number) => Hmac;
}

/**
 * Gives tickets and takes them: one for each server. What a ticket says is sealed by a key that nobody else has, so that
 * nothing has to be kept of those that were given; of those that were used, that they were.
 */
export class TicketOffice {
  readonly #node: string;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #secret = randomBytes(32);
  /** By holder, whoever used one last at the end. */
  readonly #used = new Map<string, UsedTickets>();

  constructor(node: string, clock: Pick<Clock, 'now'>) {
    this.#node = node;
    this.#clock = clock;
  }

  give(order: TicketOrder, holder: string): Ticket {
    const claims: TicketClaims = {
      order,
      node: this.#node,
      holder,
      expiresAt: this.#clock.now() + ticketLifetimeMs,
      nonce: randomBytes(16).toString('base64url'),
    };
    const text = Buffer.from(JSON.stringify(claims)).toString('base64url');
    return { claims: text, key: this.#keyOf(text).toString('base64url') };
  }

  /**
   * Takes the ticket in an `Authorization` header, for good.
   *
   * @throws HoldfastError `ticket_refused` for none, one that was altered, that another server gave or that has been used,
   *   and one that is too old; `rate_limited`
   */
  use(authorization: string | undefined): UsedTicket {
    const [scheme, text = '', proof = ''] = (authorization ?? '').slice(0, maxHeaderLength).split(/[ .]/);
    if (scheme !== ticketScheme) throw refused('no ticket came with it');
    const key = this.#keyOf(text);
    const expected = proofOf(key, text);
    const given = Buffer.from(proof, 'base64url');
    // What was not sealed here is looked at no further.
    if (!equalSecrets(expected, given)) throw refused('the ticket was altered, or given by another server');
    const claims = readClaims(text);
    if (claims.node !== this.#node) throw refused(`the ticket is for ${claims.node}`);
    if (claims.expiresAt < this.#clock.now()) throw refused('the ticket is too old');
    this.#markUsed(claims);
    return {
      order: claims.order,
      holder: claims.holder,
      seal: (status) => beginSeal(key, text, status),
    };
  }

  #keyOf(claims: string): Buffer {
    return createHmac('sha256', this.#secret).update('ticket key\0').update(claims).digest();
  }

  #markUsed({ holder, nonce, expiresAt }: TicketClaims): void {
    const nowMs = this.#clock.now();
    const used = this.#used.get(holder) ?? { untilMs: 0, nonces: new Map<string, number>() };
    forgetEnded(used.nonces, nowMs);
    if (used.nonces.has(nonce)) throw refused('the ticket has been used');
    if (used.nonces.size >= maxUsed) {
      throw new HoldfastError(
        'rate_limited',
        `${holder} has used ${used.nonces.size} tickets within a minute`,
      );
    }
    used.nonces.set(nonce, expiresAt);
    this.#used.delete(holder);
    this.#used.set(holder, { ...used, untilMs: Math.max(used.untilMs, expiresAt) });
    for (const [other, { untilMs }] of this.#used) {
      if (untilMs >= nowMs) break;
      this.#used.delete(other);
    }
  }
}

/** What one holder used, for as long as it could be shown again. */
interface UsedTickets {
  /** When the last of them ends. */
  readonly untilMs: number;
  /** Each nonce, and when its ticket ends; those that were used first are first. */
  readonly nonces: Map<string, number>;
}

/** One that ends before those that were used earlier is forgotten after them: all live equally long. */
function forgetEnded(nonces: Map<string, number>, nowMs: number): void {
  for (const [nonce, end] of nonces) {
    if (end >= nowMs) return;
    nonces.delete(nonce);
  }
}

/** The `Authorization` header of whoever holds a ticket. */
export function ticketHeader({ claims, key }: Ticket): string {
  return `${ticketScheme} ${claims}.${proofOf(Buffer.from(key, 'base64url'), claims).toString('base64url')}`;
}

/** What the seal of an answer with `status` to this ticket has to be, once the bytes of its body have gone through it. */
export function expectedSeal({ claims, key }: Ticket, status: number): Hmac {
  return beginSeal(Buffer.from(key, 'base64url'), claims, status);
}

/** Whether an answer was sealed by whoever gave the ticket: in constant time. */
export function isSealed(expected: Hmac, seal: Bytes): boolean {
  return equalSecrets(expected.digest(), asBuffer(seal));
}

function proofOf(key: Buffer, claims: string): Buffer {
  return createHmac('sha256', key).update('request\0').update(claims).digest();
}

function beginSeal(key: Buffer, claims: string, status: number): Hmac {
  return createHmac('sha256', key).update(`answer\0${status}\0`).update(claims).update('\0');
}

/** Longer than any that is given. */
const maxHeaderLength = 2200;

/** Of claims whose seal holds: they are as {@link TicketOffice.give} wrote them. */
function readClaims(text: string): TicketClaims {
  return JSON.parse(Buffer.from(text, 'base64url').toString()) as TicketClaims;
}

function refused(why: string): HoldfastError {
  return new HoldfastError('ticket_refused', why);
}
