import { CommittedReader } from '../../db/index.ts';
import { parseCertificate } from '../../pki/index.ts';
import type { Keystore } from '../../trust/index.ts';
import { authorityDamaged } from '../authority-damaged.ts';
import { hashRecord } from '../log/log-record.ts';
import type { BackupManifest } from './backup-manifest.ts';

interface Described {
  readonly network: string;
  readonly epoch: number;
  readonly standing: string;
  readonly root: Uint8Array;
  readonly sequence: number;
  readonly record: string;
  /** JSON array of labels. */
  readonly labels: string;
}

/** What a backup of this copy of a database, and of the keys that are here, says of itself. */
export function describeSnapshot(
  path: string,
  keystore: Keystore,
  madeAt: Date,
): Omit<BackupManifest, 'parts'> {
  const { network, epoch, standing, root, sequence, record, labels } = readDescription(path);
  const recorded = new Set([...(JSON.parse(labels) as string[]), ...keystore.labels()]);
  return {
    network,
    root: parseCertificate(root).fingerprint,
    epoch,
    madeAt: madeAt.toISOString(),
    log: { sequence, head: hashRecord(record) },
    keys: [...recorded].sort().map((label) => ({ label, held: keystore.has(label) })),
    retired: standing === 'retired',
  };
}

function readDescription(path: string): Described {
  const reader = new CommittedReader(path);
  try {
    const row = reader.get(
      `SELECT a.network, a.epoch, a.standing, l.sequence, l.record,
        (SELECT certificate FROM issuers WHERE kind = 'root' ORDER BY generation DESC LIMIT 1) AS root,
        (SELECT json_group_array(label) FROM (SELECT label FROM issuers UNION SELECT label FROM ocsp_signers)) AS labels
        FROM authority a, log l ORDER BY l.sequence DESC LIMIT 1`,
    );
    if (row === undefined) throw authorityDamaged('its database has no log');
    return row as unknown as Described;
  } finally {
    reader.close();
  }
}
