import type { Socket } from 'node:net';
import {
  type Bytes,
  type Clock,
  errorRow,
  HoldfastError,
  isHoldfastError,
  type Log,
  mapInTurns,
  secondMs,
} from '../base/index.ts';
import { roles as allRoles, type Certificate, type Role, type SerialNumber } from '../pki/index.ts';
import { checkRole, type TrustBundle, type VerifiedIdentity, verifyIdentity } from '../trust/index.ts';
import { HeldConnections } from './handshake-budget.ts';
import { type CertifiedPeer, type Peer, peerCertificates } from './peer.ts';
import type { Hot } from './secure-context.ts';
import type { TokenGate } from './token-gate.ts';

export interface PeerGateOptions {
  /** Who may vouch for a peer. */
  readonly bundle: Hot<TrustBundle>;
  /** Certificates that stand between those of peers and our roots, in DER: most programs show their own alone. */
  readonly issuings: () => readonly Bytes[];
  /** Whether the authority issued a certificate of this number, and these bytes (DER), and has not revoked it. Asked on every request. */
  readonly isGood: (serial: SerialNumber, der: Bytes) => boolean | Promise<boolean>;
  /** Whether one that is not good may at least be renewed, since only its issuer is not to be believed any more; none unless said. */
  readonly isRenewable?: (serial: SerialNumber, der: Bytes) => Promise<boolean>;
  /** What a bearer token proves; nobody comes by one unless said. */
  readonly tokens?: TokenGate;
  readonly clock: Clock;
  readonly log: Log;
}

/** Kept for each connection, ten thousand of them at once: what is asked on every request, and not the certificates as read. */
interface Judged extends CertifiedPeer {
  readonly der: Bytes;
  /** When every certificate of its path is valid, milliseconds since 1970. */
  readonly validFromMs: number;
  readonly validUntilMs: number;
  /** The bundle that its path was judged by. */
  readonly bundle: TrustBundle;
}

/** The path from a peer's certificate to a root of the bundle. */
interface Walked extends Pick<Judged, 'identity' | 'bundle'> {
  readonly path: VerifiedIdentity['path'];
  readonly issuing: Certificate | undefined;
}

/** Whose chain does not lead to us, which stays so for as long as trust does. */
interface Stranger {
  readonly refusal: unknown;
  readonly bundle: TrustBundle;
}

const recheckMs = secondMs;
/** Every so many of these the records are asked about everybody; whoever learns of a revocation has it asked at once. */
const recheckAllEvery = 60;

/** What a new connection is: of one of ours; of one that is refused and may be told why; of anybody else. */
export type Greeting = 'known' | 'told' | 'stranger';

/**
 * The one place that decides who a peer is, on every request and never from the handshake alone: the chain to our
 * authority, validity now, the number known and not revoked, the role.
 *
 * Only the path is judged once for each connection, of strangers too, and again when trust changes; the rest is asked each time and
 * costs about a microsecond. A connection whose peer would be refused by now is ended, at most a second later: at the
 * end of its certificate, at its revocation, when its authority is no longer trusted.
 */
export class PeerGate {
  readonly #options: PeerGateOptions;
  readonly #peers = new Map<Socket, Judged>();
  readonly #strangers = new WeakMap<Socket, Stranger>();
  readonly #held = new HeldConnections();
  #timer: NodeJS.Timeout | undefined;
  #rounds = 0;

  constructor(options: PeerGateOptions) {
    this.#options = options;
  }

  /**
   * Who is at the other end of `socket`, when it has one of the roles. `forRenewal` lets in whose issuer is revoked too.
   *
   * @throws HoldfastError `certificate_required`, or another `certificate_*`, or `issuer_revoked`; {@link isToldToPeer}
   *   says whether the peer may learn which; `connections_exhausted`
   */
  async check(
    socket: Socket,
    { roles, forRenewal = false }: { readonly roles: readonly Role[]; readonly forRenewal?: boolean },
  ): Promise<CertifiedPeer> {
    const { peer, isGood } = await this.#judge(socket, this.#options.clock.now());
    const { identity } = peer;
    if (!isGood && !forRenewal) throw issuerRevoked(peer);
    checkRole(identity, roles);
    return peer;
  }

  /**
   * What the certificate of a new connection is worth. That of one who is known ends with it, without a request too.
   * `onStranger` learns why nobody of ours is there.
   */
  async greet(socket: Socket, onStranger: (refusal: unknown) => void): Promise<Greeting> {
    try {
      await this.#judge(socket, this.#options.clock.now());
      return 'known';
    } catch (error) {
      // Its first request is told why, and is not cut off before.
      this.#forget(socket);
      // What cannot be looked up now says nothing of who is there.
      if (isToldToPeer(error) || !this.#strangers.has(socket)) return 'told';
      onStranger(error);
      return 'stranger';
    }
  }

  /** Whom the certificate of a peer names, and what issued it, when its path leads to us; the records are not asked. */
  pathOf(socket: Socket): Pick<Walked, 'identity' | 'issuing'> | undefined {
    try {
      return this.#walk(socket, this.#options.clock.now());
    } catch (error) {
      if (isHoldfastError(error)) return undefined;
      throw error;
    }
  }

  /** What a bearer token proves; undefined where nobody comes by one. */
  get tokens(): TokenGate | undefined {
    return this.#options.tokens;
  }

  /** Whether a peer that was let in would be let in now, whatever has become of its connection. */
  async stands(peer: Peer): Promise<boolean> {
    if (peer.by === 'token') return (await this.#options.tokens?.stands(peer)) === true;
    if (!isJudged(peer) || !this.#holds(peer, this.#options.clock.now())) return false;
    return await this.#options.isGood(peer.serial, peer.der);
  }

  /**
   * Ends every connection whose peer would be refused by now. By itself that happens every minute, and every second to those
   * whose certificate has ended or that trust has changed for.
   */
  async recheck(): Promise<void> {
    await this.#options.tokens?.recheck();
    await this.#recheckEach(() => true);
  }

  async #goRound(): Promise<void> {
    const nowMs = this.#options.clock.now();
    this.#rounds = (this.#rounds + 1) % recheckAllEvery;
    const isFull = this.#rounds === 0;
    await this.#recheckEach((peer) => isFull || !this.#holds(peer, nowMs));
  }

  /** Each is a question to the records: of ten thousand, some in a turn. */
  async #recheckEach(isDue: (peer: Judged) => boolean): Promise<void> {
    const nowMs = this.#options.clock.now();
    const due = this.#peers
      .entries()
      .filter(([, peer]) => isDue(peer))
      .toArray();
    await Promise.all(await mapInTurns(due, ([socket, peer]) => this.#recheckOne(socket, peer, nowMs)));
  }

  async #recheckOne(socket: Socket, { identity }: Judged, nowMs: number): Promise<void> {
    try {
      await this.#judge(socket, nowMs);
    } catch (error) {
      if (socket.destroyed) return;
      // Whoever has a token as well goes on by that, and not by this certificate.
      if (this.#options.tokens?.identityOf(socket) !== undefined) return this.#forget(socket);
      this.#options.log.info('connection ended', { ...identity, reason: reasonOf(error) });
      socket.destroy();
    }
  }

  /** Not good, and judged all the same, is who may renew. */
  async #judge(socket: Socket, nowMs: number): Promise<{ readonly peer: Judged; readonly isGood: boolean }> {
    const known = this.#peers.get(socket);
    const peer = known !== undefined && this.#holds(known, nowMs) ? known : this.#verify(socket, nowMs);
    this.#remember(socket, peer);
    const { serial, der } = peer;
    const isGood = await this.#options.isGood(serial, der);
    // Whoever has the key of a node is that node: what is under way for it may end, and what it asks next is refused.
    if (!isGood && (await this.#options.isRenewable?.(serial, der)) !== true) {
      const { role, name } = peer.identity;
      throw new HoldfastError(
        'certificate_revoked',
        `${role} ${name}: certificate ${serial} is revoked, or unknown to the authority`,
      );
    }
    return { peer, isGood };
  }

  #holds({ bundle, validFromMs, validUntilMs }: Judged, nowMs: number): boolean {
    return bundle === this.#options.bundle.current && validFromMs <= nowMs && nowMs <= validUntilMs;
  }

  #verify(socket: Socket, nowMs: number): Judged {
    const bundle = this.#options.bundle.current;
    const stranger = this.#strangers.get(socket);
    if (stranger?.bundle === bundle) throw stranger.refusal;
    try {
      return this.#verifyNow(socket, nowMs);
    } catch (refusal) {
      if (!isToldToPeer(refusal)) this.#strangers.set(socket, { refusal, bundle });
      throw refusal;
    }
  }

  #verifyNow(socket: Socket, nowMs: number): Judged {
    const { bundle, identity, path } = this.#walk(socket, nowMs);
    return {
      by: 'certificate',
      identity,
      bundle,
      serial: path[0].serial,
      notAfter: path[0].notAfter,
      der: path[0].der,
      validFromMs: Math.max(...path.map(({ notBefore }) => notBefore.getTime())),
      validUntilMs: Math.min(...path.map(({ notAfter }) => notAfter.getTime())),
    };
  }

  #walk(socket: Socket, nowMs: number): Walked {
    const shown = peerCertificates(socket) ?? [];
    const chain = shown.length === 0 ? [] : [...shown, ...this.#options.issuings()];
    const bundle = this.#options.bundle.current;
    const request = { chain, bundle, roles: allRoles, purpose: 'clientAuth', at: new Date(nowMs) } as const;
    const { identity, path } = verifyIdentity(request);
    return { bundle, identity, path, issuing: path[1] };
  }

  /** @throws HoldfastError `connections_exhausted` for one more than an identity may have */
  #remember(socket: Socket, peer: Judged): void {
    const before = this.#peers.get(socket);
    if (before === peer) return;
    if (before === undefined) {
      // Whoever has gone meanwhile is not told of a second time.
      if (socket.destroyed) return;
      this.#held.take(peer.identity);
      socket.once('close', () => this.#forget(socket));
    }
    this.#peers.set(socket, peer);
    this.#timer ??= setInterval(() => void this.#goRound(), recheckMs).unref();
  }

  #forget(socket: Socket): void {
    const peer = this.#peers.get(socket);
    if (peer === undefined) return;
    this.#held.giveBack(peer.identity);
    this.#peers.delete(socket);
    if (this.#peers.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** Whether it is one that the gate let in by its certificate. */
function isJudged(peer: Peer): peer is Judged {
  return peer.by === 'certificate' && 'bundle' in peer;
}

/**
 * Whether a refused peer may be told the code: its chain ends in our authority, so it is one of us and can mend it.
 * Anybody else learns nothing.
 */
export function isToldToPeer(error: unknown): boolean {
  return isHoldfastError(error) && errorRow(error.code).toldAtGate === true;
}

function issuerRevoked({ identity: { role, name }, serial }: CertifiedPeer): HoldfastError {
  return new HoldfastError(
    'issuer_revoked',
    `${role} ${name}: what issued certificate ${serial} is revoked, so it can be renewed and nothing else`,
    { hint: 'renew it: holdfast cert renew' },
  );
}

function reasonOf(error: unknown): string {
  return isHoldfastError(error) ? error.code : String(error);
}
