import type { Authority } from '../authority/index.ts';
import { type HoldfastError, isHoldfastError, type Log } from '../base/index.ts';

const lookEveryMs = 500;

/** A watch over whether an authority may work, until it is disposed of. */
export interface StandingWatch extends AsyncDisposable {
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
