import { type Bytes, HoldfastError, secondMs } from '../base/index.ts';
import type { FetchEvidence } from '../trust/index.ts';
import { limitHandshakes } from './handshake-budget.ts';

const timeoutMs = 30 * secondMs;

/**
 * Gets lists and answers about revocation over HTTP, plain or not, since what comes is signed: each within 30 seconds, and
 * no more of it than may be.
 */
export function evidenceFetcher(signal: AbortSignal): FetchEvidence {
  return async ({ url, maxBytes, post }) => {
    limitHandshakes();
    try {
      const response = await fetch(url, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
        ...(post !== undefined && {
          method: 'POST',
          headers: { 'content-type': post.type },
          body: Uint8Array.from(post.body),
        }),
      });
      if (!response.ok) throw new Error(`status ${response.status}`);
      return await readBounded(response, maxBytes);
    } catch (cause) {
      signal.throwIfAborted();
      throw new HoldfastError('connection_failed', `${url} cannot be had: ${reasonOf(cause)}`, { cause });
    }
  };
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

async function readBounded(response: Response, maxBytes: number): Promise<Bytes> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > maxBytes) throw new RangeError(`more than ${maxBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts);
}
