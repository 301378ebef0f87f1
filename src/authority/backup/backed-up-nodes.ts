import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../base/index.ts';
import { CommittedReader } from '../../db/index.ts';
import { databasePath } from '../authority-files.ts';
import type { BackupKey } from './backup-key.ts';
import { unpackDatabase } from './unpack-backup.ts';

/** Which backup is asked, and by which time a certificate is valid. */
export interface NodesOrder {
  readonly path: string;
  readonly key: BackupKey;
  readonly clock: Clock;
}

/**
 * The machines and people that had a valid certificate when a backup was made, the authority's servers apart, as
 * `client/alpha`, sorted. The database is unpacked for that and removed again. Errors: as `readBackup`
 */
export async function backedUpNodes({ path, key, clock }: NodesOrder): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-backup-'));
  try {
    await unpackDatabase(directory, { path, key });
    return readNodes(databasePath(directory), clock.now());
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function readNodes(path: string, nowMs: number): string[] {
  const reader = new CommittedReader(path);
  try {
    const row = reader.get(
      `SELECT json_group_array(label) AS labels FROM (SELECT DISTINCT i.role || '/' || i.name AS label
        FROM identities i JOIN certificates c ON c.identity = i.id
        WHERE i.role <> 'server' AND c.revoked_at IS NULL AND c.not_after >= ? ORDER BY label)`,
      nowMs,
    );
    return JSON.parse(String(row?.['labels'])) as string[];
  } finally {
    reader.close();
  }
}
