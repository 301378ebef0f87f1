import { hostname, userInfo } from 'node:os';
import { type Clock, ownUser } from '../base/index.ts';

/** Who does something to a repository, as locks, keys and snapshots keep it. */
export interface Origin {
  readonly hostname: string;
  readonly username: string;
}

/** This machine and the account that the program runs under. */
export function thisMachine(): Origin {
  return { hostname: hostname(), username: accountName() };
}

/** The clock's time in nanoseconds since 1970. */
export function nowNs(clock: Clock): bigint {
  return BigInt(clock.now()) * 1_000_000n;
}

function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    // An account that no user database knows, as in many containers, has only a number.
    return String(ownUser() ?? '');
  }
}
