import type { Repository } from '../repository.ts';
import type { StoredSnapshot } from '../stored-snapshot.ts';
import { readContent } from './content-reader.ts';
import { Verifier } from './verifier.ts';
import type { VerifyOptions, VerifySummary } from './verify-options.ts';

/**
 * Reads every file of a snapshot back from the store, checks and decrypts it, and compares it with the file on disk as it
 * streams. Writes nothing anywhere, and touches no access time that it can help.
 */
export async function verify(
  repository: Repository,
  snapshot: Pick<StoredSnapshot, 'tree'>,
  options: VerifyOptions = {},
): Promise<VerifySummary> {
  const index = await repository.loadIndex(options.signal ? { signal: options.signal } : {});
  const verifier = new Verifier(options);
  const files = verifier.prepare(repository, snapshot.tree);
  await readContent(repository, files, { index, sink: verifier, signal: options.signal });
  return verifier.summary();
}
