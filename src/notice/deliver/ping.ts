import { isHoldfastError, type Log, secondMs } from '../../base/index.ts';
import type { Channel } from '../channels.ts';
import { post } from './post.ts';

/** Tells a watch something, in a few words. */
export async function ping(url: string, signal: AbortSignal, said = ''): Promise<void> {
  await post(url, { body: Buffer.from(said), signal });
}

/** A run of a set. */
interface RunOfSet {
  readonly set: string;
  /** That it begins, or what it came to. */
  readonly came: 'begun' | 'ok' | 'partial' | 'failed';
  readonly said?: string;
}

/** What is put behind the address of a watch, as healthchecks.io has it: an exit code where files were left out. */
const endings = { begun: '/start', ok: '', partial: '/3', failed: '/fail' } as const;
const patienceMs = 10 * secondMs;

/** Tells each watch that is to hear of a set; one that cannot be told is said in the log, and its silence says it too. */
export async function pingRun(
  channels: readonly Channel[],
  { set, came, said }: RunOfSet,
  log: Log,
): Promise<void> {
  const signal = AbortSignal.timeout(patienceMs);
  const pings = channels.map(async ({ name, target }) => {
    if (target.kind !== 'ping' || (target.set ?? set) !== set) return;
    const url = `${target.url}${endings[came]}`;
    await ping(url, signal, said).catch((error: unknown) => {
      const reason = isHoldfastError(error) ? error.message : String(error);
      log.warn('a watch could not be told', { channel: name, set, reason });
    });
  });
  await Promise.all(pings);
}
