import { HoldfastError, isHoldfastError } from '../base/index.ts';
import { followRequest, type RequestServer, type RequestState } from '../enrol/index.ts';
import type { PendingRequest } from './pending-requests.ts';

/** What became of a request of this machine, as far as can be found out. */
export type Fate =
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
): Promise<Fate> {
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
export function nextOfFate(name: string, fate: Fate): string | undefined {
  const called = /^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", `'\\''`)}'`;
  const again = `hand it in again: holdfast request submit ${called}; or give it up: holdfast request pending --forget ${called}`;
  switch (fate.state) {
    case 'approved':
      return `${name} was approved; fetch its certificate: holdfast request collect ${called}`;
    case 'denied':
      return `${name} was denied: ${fate.reason ?? 'no reason was given'}; ask the administrator, and ${again}`;
    case 'expired':
      return `nobody decided on ${name} until ${fate.expires}; ${again}`;
    case 'unknown':
      return `the server does not know ${name} any more; ${again}`;
    case 'not reached':
      return `nothing is known of ${name}: ${fate.problem}`;
    case 'pending':
    case 'not handed in':
      return undefined;
  }
}
