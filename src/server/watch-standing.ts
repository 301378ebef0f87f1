import type { Authority } from '../authority/index.ts';
import { type HoldfastError, isHoldfastError } from '../base/index.ts';

const lookEveryMs = 500;

/** A watch over whether an authority may work. */
export interface StandingWatch {
  /** Resolves when it may not any more, with why. */
  readonly ended: Promise<HoldfastError>;
  stop(): void;
}

/**
 * Watches an authority. One that retires itself has a backup to finish, and an answer to give, before it ends: it is
 * seen twice when it is done.
 */
export function watchStanding(authority: Authority): StandingWatch {
  const { promise, resolve } = Promise.withResolvers<HoldfastError>();
  let seen = false;
  const timer = setInterval(() => {
    const why = authority.backups.busy ? undefined : whyNot(authority);
    if (why !== undefined && seen) resolve(why);
    seen = why !== undefined;
  }, lookEveryMs).unref();
  return { ended: promise, stop: () => clearInterval(timer) };
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
