import { Type } from 'typebox';
import { Check } from 'typebox/value';
import { secondMs } from '../base/index.ts';

const patienceMs = 10 * secondMs;
const maxLength = 64 * 1024;

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
  try {
    const timeout = AbortSignal.any([signal, AbortSignal.timeout(patienceMs)]);
    const answer = await fetch(`${statusAddress}/-/status/servers`, { signal: timeout, redirect: 'error' });
    const text = answer.ok ? await answer.text() : '';
    const value: unknown = text.length > maxLength ? undefined : JSON.parse(text);
    return Check(ServersAnswer, value) ? value.servers : [];
  } catch {
    signal.throwIfAborted();
    return [];
  }
}
