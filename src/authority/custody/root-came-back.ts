import type { Keystore } from '../../trust/index.ts';
import type { Records } from '../records/records.ts';

/**
 * A sentence for each root whose key is in the keystore though it is on record as taken away: it came back with a backup
 * from before that, or a crash kept it from leaving.
 */
export async function rootCameBack({ issuers }: Records, keystore: Keystore): Promise<string[]> {
  const roots = await issuers.list('root');
  return roots
    .filter(({ label, key_file }) => key_file !== null && keystore.has(label))
    .map(
      ({ label, key_file: file }) =>
        `the key ${label} is here, though it was taken offline to ${file}: take it away again with holdfast ca offline FILE`,
    );
}
