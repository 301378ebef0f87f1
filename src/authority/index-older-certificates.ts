import type { Bytes } from '../base/index.ts';
import type { Database } from '../db/index.ts';
import { parseCertificate } from '../pki/index.ts';
import { recordNames } from './certificate-names.ts';

/**
 * Makes what was issued before schema version 3 found by host name and fingerprint too. To be called before anything is
 * issued: as long as nothing is indexed, all of it is still to be done.
 */
export async function indexOlderCertificates(database: Database): Promise<void> {
  if ((await database.get('SELECT 1 FROM certificate_names LIMIT 1')) !== undefined) return;
  const rows = await database.all<{ id: number; certificate: Bytes }>(
    'SELECT id, certificate FROM certificates',
  );
  if (rows.length === 0) return;
  await database.transaction(async (tx) => {
    for (const { id, certificate } of rows) {
      const { fingerprint, extensions } = parseCertificate(certificate);
      await recordNames(tx, id, { fingerprint, names: extensions.subjectAltNames });
    }
  });
}
