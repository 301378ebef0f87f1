import { setTimeout as sleep } from 'node:timers/promises';
import { type AdminClient, connectAdmin } from '../../admin/index.ts';
import { isHoldfastError, secondMs } from '../../base/index.ts';
import type { Context } from '../program/context.ts';
import type { Home } from './home.ts';

/** How long a server is waited for that holds its home and does not answer yet, or another command that holds it. */
const patienceMs = 10 * secondMs;
const pauseMs = 50;

/**
 * Gives `work` the admin API of whoever holds the home: of the server that runs there, else of this process, which `openHere`
 * opens the home in.
 *
 * @throws HoldfastError `home_in_use` when another process holds it and answers nobody for ten seconds
 */
export async function askHolder<T>(
  { signal }: Context,
  home: Home,
  work: (admin: AdminClient) => Promise<T>,
  openHere: (begin: (admin: AdminClient) => Promise<T>) => Promise<T>,
): Promise<T> {
  const untilMs = performance.now() + patienceMs;
  let hasBegun = false;
  const begin = (admin: AdminClient): Promise<T> => {
    hasBegun = true;
    return work(admin);
  };
  for (;;) {
    const running = await connectAdmin(home.socket, signal);
    if (running !== undefined) return await work(running);
    try {
      return await openHere(begin);
    } catch (error) {
      const mayPass = isHoldfastError(error, 'home_in_use') && performance.now() < untilMs;
      if (hasBegun || !mayPass) throw error;
    }
    await sleep(pauseMs, undefined, { signal });
  }
}
