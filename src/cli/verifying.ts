import { connectNode, type Node, openRepositoryAt } from '../agent/index.ts';
import { verify } from '../repository/index.ts';
import type { BackupResult } from './backing-up.ts';
import type { Context } from './context.ts';

/** What reading a backup back showed. */
export interface VerifyResult {
  /** Files that were read back and compared. */
  readonly files: number;
  /** Files that have changed on the disk since the snapshot, which says nothing about the backup. */
  readonly changed: number;
  readonly equal: boolean;
  readonly different: readonly string[];
}

/**
 * Reads what a backup brought back over a fresh connection, past every cache, and compares it with the files as it
 * streams, writing nothing.
 */
export async function verifyBackup(
  context: Context,
  node: Node,
  backup: BackupResult,
): Promise<VerifyResult> {
  using connection = await connectNode(node, context);
  const place = await connection.place({});
  const repository = await openRepositoryAt(place, { create: false, signal: context.signal });
  const snapshot = await repository.findSnapshot(backup.snapshot, { signal: context.signal });
  const parent =
    backup.parent === undefined
      ? undefined
      : await repository.findSnapshot(backup.parent, { signal: context.signal });
  const progress = context.progress('verify');
  const result = await verify(repository, snapshot, {
    ...(parent && { since: parent }),
    signal: context.signal,
    onProgress: (state) => progress.update(state),
  }).finally(() => progress.stop());
  for (const path of result.different) context.output.warn(`${path}: differs from the backup`);
  return result;
}
