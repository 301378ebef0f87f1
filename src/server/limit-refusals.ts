import { isHoldfastError } from '../base/index.ts';
import type { ServerContext } from './route.ts';

/**
 * Does `work` for a stranger at `from`, slowly for whoever is refused again and again.
 * @throws HoldfastError `rate_limited`, and what `work` throws
 */
export async function limitRefusals<T>(
  { enrolLimit, log }: ServerContext,
  from: string,
  work: () => Promise<T>,
): Promise<T> {
  enrolLimit.check(from);
  try {
    return await work();
  } catch (error) {
    if (isHoldfastError(error)) {
      enrolLimit.refused(from);
      log.info('request for a certificate refused', { from, error });
    }
    throw error;
  }
}
