import type { Socket } from 'node:net';
import {
  type Bytes,
  type Clock,
  HoldfastError,
  isHoldfastError,
  type Log,
  mapInTurns,
  secondMs,
} from '../base/index.ts';
import type { Identity, Role } from '../pki/index.ts';
import { checkRole, type ShownToken } from '../trust/index.ts';
import { HeldConnections, proved } from './handshake-budget.ts';
import type { TokenPeer } from './peer.ts';

/** A bearer token that is on record, whatever has become of it. */
export interface RecordedToken {
  readonly id: number;
  readonly identity: Identity;
  readonly expiresAt: Date;
  readonly state: 'live' | 'expired' | 'revoked';
}

/** Slows down whoever shows tokens that there are not. */
export interface GuessLimit {
  /** @throws HoldfastError `rate_limited` */
  check(address: string): void;
  refused(address: string): void;
}

export interface TokenGateOptions {
  /** The token of a SHA-256 on record, asked for on every request; undefined for none. */
  readonly findToken: (sha256: Bytes) => Promise<RecordedToken | undefined>;
  readonly limit: GuessLimit;
  readonly clock: Clock;
  readonly log: Log;
}

/** So many good tokens are remembered, which are looked up however many others were guessed from the same place. */
const maxKnown = 10_000;
const recheckMs = secondMs;

/** What came over one connection: nobody but its peer has them, so that all end with the first one. */
interface Connection {
  readonly tokens: Map<string, ShownToken>;
  /** Of the first token, who has the connection. */
  readonly holder: Identity;
  identity: Identity;
}

/**
 * Decides whom a bearer token names, on every request. It is found by its SHA-256, so that nothing is told by how long that
 * takes; a connection by which one came ends within a second when it is revoked or has expired.
 */
export class TokenGate {
  readonly #options: TokenGateOptions;
  readonly #connections = new Map<Socket, Connection>();
  readonly #known = new Set<string>();
  readonly #held = new HeldConnections();
  /** What those showed that were let in. */
  readonly #shownBy = new WeakMap<TokenPeer, ShownToken>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: TokenGateOptions) {
    this.#options = options;
  }

  /**
   * Whom the token names that a request over `socket` shows.
   * @throws HoldfastError `bearer_unknown`, `bearer_wrong_identity` for another user's, `bearer_revoked`, `bearer_expired`, `rate_limited`,
   *   `certificate_wrong_role`, `connections_exhausted`
   */
  async check(
    socket: Socket,
    shown: ShownToken,
    { roles }: { readonly roles: readonly Role[] },
  ): Promise<TokenPeer> {
    const { limit } = this.#options;
    const from = socket.remoteAddress ?? '';
    const key = Buffer.from(shown.sha256).toString('base64');
    if (!this.#known.has(key)) limit.check(from);
    try {
      const { id, identity } = await this.#judge(shown);
      checkRole(identity, roles);
      this.#remember(socket, key, { shown, identity });
      const peer: TokenPeer = { by: 'token', identity, token: id };
      this.#shownBy.set(peer, shown);
      return peer;
    } catch (error) {
      if (isHoldfastError(error, 'bearer_unknown', 'bearer_revoked', 'bearer_expired')) limit.refused(from);
      throw error;
    }
  }

  /** Whether the token that a peer was let in by is good now. */
  async stands(peer: TokenPeer): Promise<boolean> {
    const shown = this.#shownBy.get(peer);
    const token = shown && (await this.#options.findToken(shown.sha256));
    return token?.state === 'live';
  }

  /** Whom the last good token named that came over a connection. */
  identityOf(socket: Socket): Identity | undefined {
    return this.#connections.get(socket)?.identity;
  }

  /** Ends every connection by which a token came that is not good any more; happens every second by itself. */
  async recheck(): Promise<void> {
    const all = [...this.#connections];
    await Promise.all(await mapInTurns(all, ([socket, each]) => this.#recheckOne(socket, each)));
  }

  async #recheckOne(socket: Socket, { tokens, identity }: Connection): Promise<void> {
    try {
      for (const shown of tokens.values()) await this.#judge(shown);
    } catch (error) {
      if (socket.destroyed) return;
      const reason = isHoldfastError(error) ? error.code : String(error);
      this.#options.log.info('connection ended', { ...identity, reason });
      socket.destroy();
    }
  }

  async #judge({ sha256, user }: ShownToken): Promise<RecordedToken> {
    const token = await this.#options.findToken(sha256);
    if (token === undefined) throw unknown('no bearer token like this was made');
    const { role, name } = token.identity;
    const of = `bearer token ${token.id} of ${role} ${name}`;
    if (user !== undefined && user !== name)
      throw new HoldfastError('bearer_wrong_identity', `${of} is shown as the password of ${user}`);
    if (token.state === 'revoked') throw new HoldfastError('bearer_revoked', `${of} was revoked`);
    if (token.state === 'expired')
      throw new HoldfastError('bearer_expired', `${of} expired ${token.expiresAt.toISOString()}`);
    return token;
  }

  #remember(
    socket: Socket,
    key: string,
    { shown, identity }: { readonly shown: ShownToken; readonly identity: Identity },
  ): void {
    this.#known.delete(key);
    this.#known.add(key);
    const [oldest] = this.#known;
    if (this.#known.size > maxKnown && oldest !== undefined) this.#known.delete(oldest);
    const connection = this.#connections.get(socket);
    if (connection !== undefined) {
      connection.tokens.set(key, shown);
      connection.identity = identity;
      return;
    }
    if (socket.destroyed) return;
    this.#held.take(identity);
    socket.once('close', () => this.#forget(socket));
    this.#connections.set(socket, { tokens: new Map([[key, shown]]), holder: identity, identity });
    this.#timer ??= setInterval(() => void this.recheck(), recheckMs).unref();
    proved(socket);
  }

  #forget(socket: Socket): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined) return;
    this.#held.giveBack(connection.holder);
    this.#connections.delete(socket);
    if (this.#connections.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

function unknown(message: string): HoldfastError {
  return new HoldfastError('bearer_unknown', message);
}
