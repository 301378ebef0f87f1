import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Authority } from '../authority/index.ts';
import { checkpointHeader, encodeCheckpointHeader, readCheckpointHeader } from '../enrol/index.ts';
import type { PeerGate } from '../transport/index.ts';

/**
 * Listens to what a peer knows of the log, before its certificate is judged; undefined when that is nothing new, else a promise that
 * rejects with `authority_superseded`. A peer that says something is told how far the log has come here.
 */
export type HearCheckpoint = (
  request: IncomingMessage,
  response: ServerResponse,
) => Promise<void> | undefined;

/**
 * Hears checkpoints for `authority`. Whoever followed a newer copy of it comes with a certificate that is not on record
 * here, so that nothing but the checkpoint's own signature counts. That is looked at only when it claims more than is known
 * here, and once for each connection.
 */
export function checkpointHearer(
  authority: Pick<Authority, 'checkpoint' | 'knowsLessThan' | 'hear'>,
  gate: Pick<PeerGate, 'pathOf'>,
): HearCheckpoint {
  const heard = new WeakSet<Socket>();
  return (request, response) => {
    const { socket } = request;
    const signed = readCheckpointHeader(request.headers[checkpointHeader]);
    if (signed === undefined) return undefined;
    response.setHeader(checkpointHeader, encodeCheckpointHeader(authority.checkpoint()));
    if (heard.has(socket) || !authority.knowsLessThan(signed)) return undefined;
    heard.add(socket);
    return authority.hear(signed, gate.pathOf(socket));
  };
}
