import { connectNode, type Node, openRepositoryAt } from '../agent/index.ts';
import { type VerifySummary, verify } from '../repository/index.ts';
import type { BackupResult } from './backing-up.ts';
import type { Context } from './context.ts';

/**
 * Reads what a backup brought back over a fresh connection, past every cache, and compares it with the files as it
 * streams, writing nothing.
 */
export async function verifyBackup(
  context: Context,
  node: Node,
  backup: BackupResult,
): Promise<VerifySummary> {
  using connection = await connectNode(node, context);
  const place = await connection.place({});
  const repository = await openRepositoryAt(place, { create: false, signal: context.signal });
  const snapshot = await repository.findSnapshot(backup.snapshot, { signal: context.signal });
  const parent =
    backup.parent === undefined
      ? undefined
      : await repository.findSnapshot(backup.parent, { signal: context.signal });
  const progress = context.progress('verify');
  return await verify(repository, snapshot, {
    ...(parent && { parent }),
    signal: context.signal,
    onProblem: ({ path, message }) => context.output.warn(`${path}: ${message}`),
    onProgress: (state) => progress.update({ ...state, totalBytes: snapshot.summary?.dataAdded ?? 0 }),
  }).finally(() => progress.stop());
}
