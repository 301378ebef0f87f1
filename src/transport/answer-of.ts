import type { ClientRequest, IncomingMessage } from 'node:http';
import { HoldfastError } from '../base/index.ts';
import { type Pace, usualPace, watchAnswer } from './watch-answer.ts';

/**
 * The answer of a request that begins, once its status is there; it has to keep to `pace`. However the connection ends, this
 * does: an error comes as Node has it, an end without one (an upgrade that nobody asked for, too) is `connection_lost`.
 */
export function answerOf(
  client: ClientRequest,
  host: string,
  pace: Pace = usualPace,
): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  // Whoever still sends looks at it later.
  promise.catch(() => {});
  watchAnswer(client, host, pace);
  client.once('response', resolve).on('error', reject);
  client.once('close', () =>
    reject(new HoldfastError('connection_lost', `${host} ended the connection without an answer`)),
  );
  return promise;
}
