import { HoldfastError, isHoldfastError, secondMs } from '../base/index.ts';
import type { FetchEvidence } from '../trust/index.ts';
import { askHttp, isHttpSuccess, receiveBytes } from './http-client.ts';
import { transportError } from './transport-error.ts';

const timeoutMs = 30 * secondMs;

/**
 * Gets lists and answers about revocation over HTTP, plain or not, since what comes is signed: each within 30 seconds, no
 * more of it than may be, and from the address that was named alone.
 */
export function evidenceFetcher(signal: AbortSignal): FetchEvidence {
  return async ({ url, maxBytes, post }) => {
    try {
      const order = {
        url: new URL(url),
        agent: false as const,
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      };
      const answer = await askHttp(
        post === undefined
          ? { ...order, method: 'GET' }
          : {
              ...order,
              method: 'POST',
              headers: { 'content-type': post.type },
              body: { chunks: [post.body], size: post.body.length },
            },
      );
      if (isHttpSuccess(answer)) return await receiveBytes(answer, maxBytes);
      answer.close();
      throw new Error(`status ${answer.status}`);
    } catch (cause) {
      signal.throwIfAborted();
      throw notHad(url, cause);
    }
  };
}

/** By the code of why there was no answer, where there was none. */
function notHad(url: string, cause: unknown): HoldfastError {
  const isLate = cause instanceof Error && cause.name === 'TimeoutError';
  const why = transportError(cause, new URL(url).host);
  const code = isHoldfastError(why) ? why.code : isLate ? 'connection_stalled' : 'revocation_unknown';
  return new HoldfastError(code, `${url} cannot be had: ${reasonOf(why)}`, { cause });
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
