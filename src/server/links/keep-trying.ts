import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, isHoldfastError, type Log, minuteMs } from '../../base/index.ts';
import { dialSite, Links } from '../../sync/index.ts';

/** So often each link is tried: what a site has told anew is known by then, and what fails is kept with the time since when. */
const tryEveryMs = 15 * minuteMs;
/** Of those that are due at the same moment. */
const firstAfterMs = minuteMs;

/** Tries every link now and then, until the returned function is called. */
export function keepTrying({
  directory,
  clock,
  log,
}: {
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Log;
}): () => Promise<void> {
  const ended = new AbortController();
  const { signal } = ended;
  const run = async (): Promise<void> => {
    await sleep(firstAfterMs, undefined, { signal, ref: false });
    for (;;) {
      const links = await Links.find(directory).catch(() => undefined);
      for (const { name } of links?.partners ?? []) await tryLink(name, { directory, clock, log, signal });
      await sleep(tryEveryMs, undefined, { signal, ref: false });
    }
  };
  const running = run().catch((error: unknown) => {
    if (!signal.aborted) log.error('links are not tried any more', { error });
  });
  return async () => {
    ended.abort();
    await running;
  };
}

async function tryLink(
  site: string,
  {
    directory,
    clock,
    log,
    signal,
  }: { readonly directory: string; readonly clock: Clock; readonly log: Log; readonly signal: AbortSignal },
): Promise<void> {
  try {
    const connection = await dialSite(await Links.open(directory), site, { clock, signal });
    connection[Symbol.dispose]();
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    log.warn('a link does not work', { site, error });
  }
}
