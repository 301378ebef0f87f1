import { type Connection, connectNode, openRepositoryAt } from '../agent/index.ts';
import { type VerifySummary, verify } from '../repository/index.ts';
import type { BackupResult } from './backing-up.ts';
import type { Context } from './context.ts';

/**
 * Reads what a backup brought back over a fresh connection to the same server, past every cache, and compares it with the files as it
 * streams, writing nothing.
 */
export async function verifyBackup(
  context: Context,
  { node, server }: Connection,
  backup: BackupResult,
): Promise<VerifySummary> {
  const { clock, log, signal, line } = context;
  using connection = await connectNode(node, { clock, log, signal, line, servers: [server] });
  const place = await connection.place({});
  const repository = await openRepositoryAt(place, { create: false, signal });
  repository.onDamage((message) => context.output.warn(message));
  const snapshot = await repository.findSnapshot(backup.snapshot, { signal });
  const parent =
    backup.parent === undefined ? undefined : await repository.findSnapshot(backup.parent, { signal });
  const progress = context.progress('verify');
  return await verify(repository, snapshot, {
    ...(parent && { parent }),
    signal,
    onProblem: ({ path, message }) => context.output.warn(`${path}: ${message}`),
    onProgress: (state) => progress.update({ ...state, totalBytes: snapshot.summary?.dataAdded ?? 0 }),
  }).finally(() => progress.stop());
}
