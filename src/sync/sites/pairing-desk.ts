import type { Socket } from 'node:net';
import { asBuffer, type Clock, HoldfastError } from '../../base/index.ts';
import { chanceWords, passwordScalar, Spake2, type Spake2Outcome } from '../pairing/index.ts';
import { PairConfirm, PairExchange, type PairHello, PairStart, readMessage } from './link-messages.ts';
import type { Links, StoredOffer } from './links.ts';
import { checkPaired, compareWords, helloOf, pairSetting } from './pair-setting.ts';
import { parseBundle } from './site-bundle.ts';
import { trustPartner } from './trust-partner.ts';

/**
 * Opens a pairing code in the place of one of before, and gives its words.
 * @param lifetimeMs how long it is good
 */
export async function openPairing(
  links: Links,
  { lifetimeMs, clock }: { readonly lifetimeMs: number; readonly clock: Clock },
): Promise<{ readonly words: string; readonly links: Links; readonly password: string }> {
  const words = chanceWords();
  const password = (await passwordScalar(words)).toString(16);
  const offer: StoredOffer = { password, expires: clock.now() + lifetimeMs, state: 'open' };
  return { words, password, links: await links.change((state) => ({ ...state, offer })) };
}

/** Ends the code that is open, if it is that one. */
export async function closePairing(links: Links, password: string): Promise<void> {
  await links.change(({ offer, ...state }) =>
    offer === undefined || (offer.password === password && offer.state === 'open')
      ? state
      : { ...state, offer },
  );
}

/** What has come to a desk over one connection. */
interface Session {
  readonly hello: PairHello;
  /** Of the code that it began by. */
  readonly password: string;
  readonly outcome: Spake2Outcome;
  confirmed: boolean;
}

/**
 * Answers whoever pairs by the code that is open here. Nothing that it sends before the other side has proved that it knows the
 * code tells anything of it, so that a line may break and the code stays good; who proves the contrary has burnt it.
 */
export class PairingDesk {
  readonly #clock: Clock;
  readonly #sessions = new WeakMap<Socket, Session>();
  /** Known before it is on the disk: whoever tries twice at once tries once. */
  readonly #burnt = new Set<string>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @throws HoldfastError `pairing_closed`, `pairing_refused` for a share that is none */
  start(links: Links, socket: Socket, message: unknown): unknown {
    const { hello, share } = readMessage(PairStart, message);
    if (this.#sessions.has(socket)) throw closed();
    const { password } = this.#offer(links, hello);
    const party = new Spake2('B', BigInt(`0x${password}`));
    const answers = helloOf(links.own);
    const setting = pairSetting({ dials: hello, answers, socket });
    const outcome = party.finish(Buffer.from(share, 'base64'), setting);
    this.#sessions.set(socket, { hello, password, outcome, confirmed: false });
    return { hello: answers, share: base64(party.share) };
  }

  /** @throws HoldfastError `pairing_closed`; `pairing_refused`, and the code is burnt */
  async confirm(links: Links, socket: Socket, message: unknown): Promise<unknown> {
    const { confirmation } = readMessage(PairConfirm, message);
    const session = this.#session(socket);
    this.#offer(links, session.hello, session.password);
    if (!session.outcome.confirms(Buffer.from(confirmation, 'base64'))) {
      this.#burnt.add(session.password);
      this.#sessions.delete(socket);
      await burn(links, session.password);
      throw new HoldfastError('pairing_refused', 'the code was wrong');
    }
    session.confirmed = true;
    return { confirmation: base64(session.outcome.confirmation) };
  }

  /**
   * Takes what the other side is, and says what this one is; the same side may ask again, when the answer was lost.
   * @throws HoldfastError `pairing_closed`, `site_own`, `site_changed`, `site_bundle_old`, `site_file_damaged`
   */
  async exchange(links: Links, socket: Socket, message: unknown): Promise<unknown> {
    const { bundle: text } = readMessage(PairExchange, message);
    const session = this.#session(socket);
    this.checkConfirmed(socket);
    this.#offer(links, session.hello, session.password);
    const bundle = parseBundle(text);
    checkPaired(bundle, session.hello);
    const nowMs = this.#clock.now();
    const { own } = await links.change((state) => {
      const { state: next, name } = trustPartner(state, { bundle, by: 'pairing', nowMs });
      const told = { knows: links.own.sequence, reachedBy: nowMs };
      const offer: StoredOffer = {
        ...this.#offer(links, session.hello, session.password),
        state: 'used',
        by: bundle.root.fingerprint,
        compare: compareWords(session.outcome),
      };
      const partners = next.partners.map((each) => (each.name === name ? { ...each, ...told } : each));
      return { ...next, partners, offer };
    });
    return { bundle: own.text };
  }

  /** Whether whoever is at the other end has proved that it knows the code. */
  isConfirmed(socket: Socket): boolean {
    return this.#sessions.get(socket)?.confirmed === true;
  }

  /** @throws HoldfastError `pairing_closed` */
  checkConfirmed(socket: Socket): void {
    if (!this.isConfirmed(socket)) throw closed();
  }

  #session(socket: Socket): Session {
    const session = this.#sessions.get(socket);
    if (session === undefined) throw closed();
    return session;
  }

  /** The code that is open, be it for one site again that has used it. */
  #offer({ state: { offer } }: Links, hello: PairHello, password = offer?.password): StoredOffer {
    if (offer === undefined || offer.password !== password || this.#burnt.has(offer.password)) throw closed();
    const isOpen = offer.state === 'open' || (offer.state === 'used' && offer.by === hello.root);
    if (isOpen && this.#clock.now() < offer.expires) return offer;
    throw closed();
  }
}

async function burn(links: Links, password: string): Promise<void> {
  await links.change((state) =>
    state.offer?.password === password ? { ...state, offer: { ...state.offer, state: 'burnt' } } : state,
  );
}

function closed(): HoldfastError {
  return new HoldfastError('pairing_closed', 'no pairing code is open here');
}

function base64(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('base64');
}
