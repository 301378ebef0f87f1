import { Type } from 'typebox';
import { Check } from 'typebox/value';
import { secondMs } from '../base/index.ts';
import { limitHandshakes } from '../transport/index.ts';

const patienceMs = 10 * secondMs;
const maxBytes = 64 * 1024;

const ServersAnswer = Type.Object({
  servers: Type.Array(Type.String({ pattern: '^https://[A-Za-z0-9._:\\[\\]-]+$', maxLength: 300 }), {
    maxItems: 100,
  }),
});

/**
 * Where the servers of a network are now, as its stable status address says; nothing when it does not say. Anybody on
 * the way could answer: what is at these addresses still has to prove that it is a server of the network.
 */
export async function movedServers(statusAddress: string, signal: AbortSignal): Promise<readonly string[]> {
  limitHandshakes();
  try {
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
    const answer = await fetch(`${statusAddress}/-/status/servers`, { signal: timeout, redirect: 'error' });
    const value: unknown = answer.ok ? JSON.parse(await readBounded(answer)) : undefined;
    return Check(ServersAnswer, value) ? value.servers : [];
  } catch {
    signal.throwIfAborted();
    return [];
  }
}

/** The text of an answer; of one that is too long only so much that it is no JSON. */
async function readBounded({ body }: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body ?? []) {
    parts.push(part);
    size += part.length;
    if (size > maxBytes) return '';
  }
  return Buffer.concat(parts).toString('utf8');
}
