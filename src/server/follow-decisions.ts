import type { Authority } from '../authority/index.ts';
import { type HoldfastError, isHoldfastError, type Log } from '../base/index.ts';

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
