import type { Authority } from '../authority/index.ts';
import { type HoldfastError, isHoldfastError, type Log, secondMs } from '../base/index.ts';
import { evidenceFetcher } from '../transport/index.ts';

/**
 * Lets a server act on what was decided, whoever decided it, until it is disposed of: what was revoked ends its open
 * connections (`recheck`), and certificates are made and answered for by the issuers and the roots that are on record by then.
 */
export function followDecisions(
  authority: Authority,
  recheck: () => Promise<void>,
  log: Log,
): AsyncDisposable {
  return authority.follow({
    kinds: [
      'revoked',
      'bearer token revoked',
      'issuing certificate revoked',
      'issuing certificate replaced',
      'root certificate renewed',
      'tls bound',
      'tls unbound',
    ],
    async visit({ kind }) {
      if (kind !== 'revoked' && kind !== 'bearer token revoked') await authority.readAgain();
      await recheck();
    },
    log,
  });
}

/** Has the listeners be as the policy of the network says, each time that it has changed, until it is disposed of. */
export function followPolicy(
  authority: Authority,
  useListeners: () => Promise<void>,
  log: Log,
): AsyncDisposable {
  return authority.follow({
    kinds: ['policy changed'],
    async visit() {
      try {
        await useListeners();
      } catch (error) {
        if (!isHoldfastError(error)) throw error;
        log.error('listeners go on as they were', { error });
      }
    },
    log,
  });
}

const lookEveryMs = 500;

/** A watch over whether an authority may work, until it is disposed of. */
interface StandingWatch extends AsyncDisposable {
  /** Resolves when it may not any more, with why. */
  readonly ended: Promise<HoldfastError>;
}

/**
 * Watches an authority, by its log. One that retires itself has a backup to finish, and an answer to give, before it ends:
 * from then on it is seen twice when it is done.
 */
export function watchStanding(authority: Authority, log: Log): StandingWatch {
  const { promise, resolve } = Promise.withResolvers<HoldfastError>();
  let timer: NodeJS.Timeout | undefined;
  let seen = false;
  const look = (): void => {
    const why = authority.backups.busy ? undefined : whyNot(authority);
    if (why !== undefined && seen) resolve(why);
    seen = why !== undefined;
  };
  const begin = (): void => {
    timer ??= setInterval(look, lookEveryMs).unref();
  };
  const follower = authority.follow({ kinds: ['superseded', 'retired'], visit: begin, log });
  if (authority.standing !== 'ready') begin();
  return {
    ended: promise,
    async [Symbol.asyncDispose]() {
      await follower.close();
      clearInterval(timer);
    },
  };
}

function whyNot(authority: Authority): HoldfastError | undefined {
  try {
    authority.checkStanding();
    return undefined;
  } catch (error) {
    if (isHoldfastError(error)) return error;
    throw error;
  }
}

/** What is looked at is in memory. */
const lookForDueMs = secondMs;

/**
 * Asks authorities outside whether they have revoked the root of the network, or one above it: at once, and then whenever that
 * is due, until it is disposed of.
 */
export function watchOutside(authority: Authority, log: Log): AsyncDisposable {
  const ending = new AbortController();
  const fetch = evidenceFetcher(ending.signal);
  const ask = async (early: boolean): Promise<void> => {
    try {
      await authority.askOutside({ fetch, early });
    } catch (error) {
      if (!ending.signal.aborted) log.error('authorities outside could not be asked', { error });
    }
  };
  const stop = keepGoing(ask, { everyMs: lookForDueMs, atOnce: true, log });
  return {
    async [Symbol.asyncDispose]() {
      ending.abort();
      await stop();
    },
  };
}

/**
 * Does `upkeep` again and again until the returned function is called, which waits for what is under way; told whether it is the
 * first time. A failure is said in the log and costs that one time: a database that cannot be reached ends no server.
 */
export function keepGoing(
  upkeep: (isFirst: boolean) => Promise<unknown>,
  {
    everyMs,
    atOnce = false,
    log,
  }: { readonly everyMs: number; readonly atOnce?: boolean; readonly log: Log },
): () => Promise<void> {
  let current: Promise<unknown> = Promise.resolve();
  let busy = false;
  const go = (isFirst: boolean): void => {
    if (busy) return;
    busy = true;
    current = upkeep(isFirst)
      .catch((error: unknown) => log.error('upkeep failed, and is tried again', { error }))
      .finally(() => {
        busy = false;
      });
  };
  if (atOnce) go(true);
  const timer = setInterval(() => go(false), everyMs).unref();
  return async () => {
    clearInterval(timer);
    await current;
  };
}
