import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { equalBytes } from '../../base/index.ts';
import type { Queries } from '../../db/index.ts';
import { exportPublicKey } from '../../pki/index.ts';
import type { CaCertificate } from '../issuer.ts';

/** Files in which the key of a root was written in the clear, as the log has it, and still lies. */
export async function plainCopies(
  queries: Queries,
  { label, certificate }: CaCertificate,
): Promise<string[]> {
  const rows = await queries.all<{ path: string }>(
    `SELECT DISTINCT json_extract(record, '$.details.to') AS path FROM log
      WHERE json_extract(record, '$.kind') = 'exported' AND json_extract(record, '$.details.key') = ?`,
    label,
  );
  const found = await Promise.all(
    rows.map(async ({ path }) => ((await holds(path, certificate.spki)) ? [path] : [])),
  );
  return found.flat();
}

/** What is gone, or another key by now, is no copy. */
async function holds(path: string, spki: Uint8Array): Promise<boolean> {
  try {
    return equalBytes(exportPublicKey(createPublicKey(await readFile(path))), spki);
  } catch {
    return false;
  }
}
