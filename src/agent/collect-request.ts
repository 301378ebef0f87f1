import { type Bytes, type Clock, HoldfastError, isHoldfastError } from '../base/index.ts';
import { followRequest, type RequestAnswer, type RequestServer, type RequestState } from '../enrol/index.ts';
import { type Certificate, parseCertificate } from '../pki/index.ts';
import type { Keystore } from '../trust/index.ts';
import { adoptEnrolment, canAdopt } from './join-network.ts';
import { completePending, findPending, listPending, type PendingRequest } from './pending-requests.ts';

/** An answer, and the request of this machine that it is for. */
export interface Answered {
  readonly keystore: Keystore;
  readonly pending: PendingRequest;
  readonly server: RequestServer;
  readonly answer: RequestAnswer;
}

/** Where an answer is settled. */
export interface Settling {
  /** Of the node. */
  readonly directory: string;
  readonly clock: Clock;
  /** Throws where a node of that network must not be. */
  readonly mayJoin: (network: string) => Promise<void>;
}

/** What this machine has by an answer: it became the node, or a key has its certificate. */
export interface Settled {
  readonly how: 'joined' | 'completed';
  readonly leaf: Certificate;
}

const handlePattern = /^[a-z2-7]{26}$/;

/**
 * The pending request that is meant by a handle or a name, or the only one that was handed in; undefined for a handle that is
 * not known here.
 * @throws HoldfastError `usage` when several could be meant, `request_unknown` for one that was not handed in
 */
export function chosenRequest(keystore: Keystore, what: string | undefined): PendingRequest | undefined {
  const submitted = listPending(keystore).filter((each) => each.submitted !== undefined);
  if (what === undefined) return onlyOne(submitted);
  const byHandle = submitted.find((each) => each.submitted?.handle === what);
  if (byHandle !== undefined || handlePattern.test(what)) return byHandle;
  const named = findPending(keystore, what);
  if (named.submitted !== undefined) return named;
  throw new HoldfastError('request_unknown', `the request ${what} was not handed in anywhere`, {
    hint: `holdfast request submit ${what} --server URL; or, with a file from an authority: holdfast request complete FILE`,
  });
}

function onlyOne([only, ...others]: readonly PendingRequest[]): PendingRequest {
  if (only !== undefined && others.length === 0) return only;
  const found =
    only === undefined ? 'no request was handed in from here' : `${others.length + 1} requests wait`;
  throw new HoldfastError('usage', `${found}: which one is to be collected?`, {
    hint: 'holdfast request pending shows them; holdfast request collect NAME',
  });
}

/**
 * The answer to the request with `handle`, which is called `name` in messages, once it is approved.
 * @throws HoldfastError `request_denied`, `request_expired`, `request_pending`, and as {@link followRequest}
 */
export async function collectApproved(
  handle: string,
  name: string,
  server: RequestServer,
): Promise<RequestAnswer> {
  const answer = await followRequest(handle, server);
  checkApproved(answer, name);
  return answer;
}

/** Pairs an approved answer with its key; one for a client, a storage node or a person makes this machine that node, when it is none yet. */
export async function settleAnswer(
  { keystore, pending, server, answer }: Answered,
  { directory, clock, mayJoin }: Settling,
): Promise<Settled> {
  const { chain, leaf } = answeredChain(answer);
  const { identity } = leaf;
  const joins = identity !== undefined && identity.role !== 'server' && answer.enrolment !== undefined;
  if (!joins || !(await canAdopt(directory, keystore, identity))) {
    await completePending(keystore, chain);
    return { how: 'completed', leaf };
  }
  const { bundle } = server;
  await mayJoin(identity.network);
  const order = { name: pending.name, identity, answer: answer.enrolment, bundle, clock };
  await adoptEnrolment(directory, keystore, order);
  return { how: 'joined', leaf };
}

/** The certificates of an approved answer, the leaf first. */
export function answeredChain({ chain: texts = [] }: RequestAnswer): {
  readonly chain: readonly Bytes[];
  readonly leaf: Certificate;
} {
  const chain = texts.map((text) => Uint8Array.from(Buffer.from(text, 'base64')));
  return { chain, leaf: parseCertificate(chain[0] ?? new Uint8Array()) };
}

function checkApproved({ state, reason, expires }: RequestAnswer, name: string): void {
  if (state === 'approved') return;
  if (state === 'denied')
    throw new HoldfastError(
      'request_denied',
      `the request ${name} was denied: ${reason ?? 'no reason was given'}`,
    );
  if (state === 'expired')
    throw new HoldfastError('request_expired', `nobody decided on the request ${name} until ${expires}`);
  throw new HoldfastError(
    'request_pending',
    `nobody has decided on the request ${name} yet; it waits until ${expires}`,
  );
}

/** What became of a request of this machine, as far as can be found out. */
export type RequestOutcome =
  | { readonly state: RequestState; readonly expires: string; readonly reason?: string }
  /** It is a file, or no more than a key. */
  | { readonly state: 'not handed in' }
  /** The server has none with its handle, or has none any more. */
  | { readonly state: 'unknown' }
  | { readonly state: 'not reached'; readonly problem: string };

/** Asks the server that a request was handed in at, when it was; `server` finds it. */
export async function askAfter(
  { submitted }: PendingRequest,
  server: () => Promise<RequestServer>,
  signal: AbortSignal,
): Promise<RequestOutcome> {
  if (submitted === undefined) return { state: 'not handed in' };
  try {
    const { state, expires, reason } = await followRequest(submitted.handle, await server());
    return { state, expires, reason };
  } catch (error) {
    if (isHoldfastError(error, 'request_unknown')) return { state: 'unknown' };
    if (error instanceof HoldfastError && !signal.aborted)
      return { state: 'not reached', problem: error.message };
    throw error;
  }
}

/** What is to be done about it, in a sentence; undefined where that is to wait. */
export function nextOfOutcome(name: string, outcome: RequestOutcome): string | undefined {
  const called = /^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`;
  const again = `hand it in again: holdfast request submit ${called}; or give it up: holdfast request pending --forget ${called}`;
  switch (outcome.state) {
    case 'approved':
      return `${name} was approved; fetch its certificate: holdfast request collect ${called}`;
    case 'denied':
      return `${name} was denied: ${outcome.reason ?? 'no reason was given'}; ask the administrator, and ${again}`;
    case 'expired':
      return `nobody decided on ${name} until ${outcome.expires}; ${again}`;
    case 'unknown':
      return `the server does not know ${name} any more; ${again}`;
    case 'not reached':
      return `nothing is known of ${name}: ${outcome.problem}`;
    case 'pending':
    case 'not handed in':
      return undefined;
  }
}
