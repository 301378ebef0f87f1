import type { Socket } from 'node:net';
import type { Static, TSchema } from 'typebox';
import { asBuffer, type Clock, dayMs, HoldfastError, isHoldfastError } from '../../base/index.ts';
import { isOutOfReach, PinnedDialer } from '../../transport/index.ts';
import { codeMark, type PairingCode, passwordScalar, Spake2, type Spake2Outcome } from '../pairing/index.ts';
import { askForAnswer, greetNode, type LinkLine } from './ask-link.ts';
import type { Dialing } from './dial-site.ts';
import { PairConfirm, PairExchange, type PairHello, PairStart } from './link-messages.ts';
import type { LinkState, Links } from './links.ts';
import { checkPaired, compareWords, helloOf, pairSetting } from './pair-setting.ts';
import { parseBundle } from './site-bundle.ts';
import { type Trusted, trustPartner } from './trust-partner.ts';

/** Two sites that trust each other from now on. */
export interface Paired {
  readonly links: Links;
  /** What the other one is called here. */
  readonly name: string;
  readonly trusted: Trusted;
  /** The same words are shown on the other side. */
  readonly compare: string;
}

/** What is paired by, and with whom. */
export interface PairOrder extends Dialing {
  readonly code: PairingCode;
  /** What the other side is to be called here; its own name unless said. */
  readonly name?: string | undefined;
}

/**
 * Whoever stands in between learns by our confirmation whether one guess of his was right, and can drop the line then. So often a
 * code may be tried by which the line broke at that point.
 */
const maxTries = 3;

/**
 * Pairs with the site that gave a code out: shows that both know it, and only then sends and takes what the sites are. It goes over
 * one connection, to which all of it is bound.
 * @throws HoldfastError `pairing_refused`, and the code is burnt; `pairing_line` when it broke, and it is not; `pairing_closed`,
 *   `site_own`, `site_changed`, and what a connection fails by
 */
export async function pairWith(links: Links, { code, name, clock, signal }: PairOrder): Promise<Paired> {
  const mark = codeMark(code);
  checkTried(links.state, mark);
  using dialer = new PinnedDialer({ judge: () => {}, maxSockets: 1 });
  const line = { address: code.address, agent: dialer.agent(), signal };
  const socket = await greetNode(line);
  const party = new Spake2('A', await passwordScalar(code.words));
  const dials = helloOf(links.own);
  const started = await ask(
    { line, socket },
    'start',
    { hello: dials, share: base64(party.share) },
    PairStart,
  );
  const answers = started.hello;
  const setting = pairSetting({ dials, answers, socket });
  const outcome = await burning(links, { mark, clock }, () => party.finish(bytesOf(started.share), setting));
  await confirm({ links, line, socket, mark, clock, outcome });
  return await exchange(links, { line, socket, answers, outcome, name, clock });
}

interface Confirming {
  readonly links: Links;
  readonly line: LinkLine;
  readonly socket: Socket;
  readonly mark: string;
  readonly clock: Clock;
  readonly outcome: Spake2Outcome;
}

async function confirm({ links, line, socket, mark, clock, outcome }: Confirming): Promise<void> {
  // Counted before it is sent: a program that is killed meanwhile has tried it too.
  await links.change((state) => countTry(state, mark, clock.now()));
  const message = { confirmation: base64(outcome.confirmation) };
  await burning(links, { mark, clock }, async () => {
    const { confirmation } = await ask({ line, socket }, 'confirm', message, PairConfirm);
    if (!outcome.confirms(bytesOf(confirmation)))
      throw new HoldfastError('pairing_refused', `${line.address} does not know the code`);
  });
}

interface Exchanging extends Pick<PairOrder, 'name' | 'clock'> {
  readonly line: LinkLine;
  readonly socket: Socket;
  readonly answers: PairHello;
  readonly outcome: Spake2Outcome;
}

async function exchange(
  links: Links,
  { line, socket, answers, outcome, name, clock }: Exchanging,
): Promise<Paired> {
  const { bundle: text } = await ask({ line, socket }, 'exchange', { bundle: links.own.text }, PairExchange);
  const bundle = parseBundle(text);
  checkPaired(bundle, answers);
  let paired = { trusted: 'same' as Trusted, name: bundle.site };
  const nowMs = clock.now();
  const changed = await links.change((state) => {
    const { state: next, ...became } = trustPartner(state, { bundle, name, by: 'pairing', nowMs });
    paired = became;
    const told = { knows: links.own.sequence, reached: nowMs };
    return {
      ...next,
      partners: next.partners.map((each) => (each.name === became.name ? { ...each, ...told } : each)),
    };
  });
  return { links: changed, ...paired, compare: compareWords(outcome) };
}

/** Asks over the one connection of the pairing. @throws HoldfastError `pairing_line` when that is gone */
async function ask<Schema extends TSchema>(
  { line, socket }: { readonly line: LinkLine; readonly socket: Socket },
  step: 'start' | 'confirm' | 'exchange',
  message: unknown,
  answer: Schema,
): Promise<Static<Schema>> {
  if (socket.destroyed) throw lineBroke(line.address);
  try {
    const { value, socket: over } = await askForAnswer(line, { path: `pair/${step}`, message, answer });
    if (over !== socket) throw lineBroke(line.address);
    return value;
  } catch (error) {
    if (!isOutOfReach(error)) throw error;
    throw lineBroke(line.address, error);
  }
}

function lineBroke(address: string, cause?: unknown): HoldfastError {
  return new HoldfastError('pairing_line', `the connection to ${address} ended in the middle`, { cause });
}

/** Does `work`, and burns the code here too when it was wrong. */
async function burning<T>(
  links: Links,
  { mark, clock }: { readonly mark: string; readonly clock: Clock },
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isHoldfastError(error, 'pairing_refused'))
      await links.change((state) => countTry(state, mark, clock.now(), true));
    throw error;
  }
}

/** @throws HoldfastError `pairing_refused` */
function checkTried({ tried }: LinkState, mark: string): void {
  const before = tried.find((each) => each.mark === mark);
  if (before === undefined || (!before.burnt && before.tries < maxTries)) return;
  throw new HoldfastError(
    'pairing_refused',
    before.burnt
      ? 'this code was tried before, and is burnt'
      : `this code was tried ${before.tries} times before, and the line broke each time`,
  );
}

/** No code is good for longer. */
const rememberMs = 7 * dayMs;

function countTry(state: LinkState, mark: string, nowMs: number, burnt = false): LinkState {
  const before = state.tried.find((each) => each.mark === mark);
  const others = state.tried.filter((each) => each.mark !== mark && nowMs - each.at < rememberMs);
  return { ...state, tried: [...others, { mark, tries: (before?.tries ?? 0) + 1, burnt, at: nowMs }] };
}

function base64(bytes: Uint8Array): string {
  return asBuffer(bytes).toString('base64');
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'base64'));
}
