import type { Queries } from '../../db/index.ts';
import type { Keystore } from '../../trust/index.ts';

/**
 * A sentence for each root whose key is in the keystore though it is on record as taken away: it came back with a backup
 * from before that, or a crash kept it from leaving.
 */
export async function rootCameBack(queries: Queries, keystore: Keystore): Promise<string[]> {
  const sql = "SELECT label, key_file FROM issuers WHERE kind = 'root' AND key_file IS NOT NULL";
  const moved = await queries.all<{ label: string; key_file: string }>(sql);
  return moved
    .filter(({ label }) => keystore.has(label))
    .map(
      ({ label, key_file: file }) =>
        `the key ${label} is here, though it was taken offline to ${file}: take it away again with holdfast ca offline FILE`,
    );
}
