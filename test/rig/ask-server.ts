import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/**
 * Asks the server of `home` by its socket, as `holdfast` does there, and gives what it answers to an operation of
 * docs/reference/api.md; throws for a refusal. For what a test prepares, or waits for: a start of the program costs more than a
 * tenth of a second of processor time, and this a thousandth.
 */
export async function askServer<T>(home: string, operation: string, input: object = {}): Promise<T> {
  const asked = request({
    socketPath: socketOf(home),
    path: `/-/admin/${operation}`,
    method: 'POST',
    agent: false,
    headers: { 'content-type': 'application/json' },
  });
  asked.end(JSON.stringify(input));
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  const said = await text(answer);
  if (answer.statusCode !== 200) throw new Error(`${operation}: ${answer.statusCode} ${said}`);
  return JSON.parse(said) as T;
}

/** The socket of the server of `home`, which it opens last of all. */
export function socketOf(home: string): string {
  return join(home, 'admin.sock');
}
