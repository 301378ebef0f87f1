import { parseCertificate } from '../../pki/index.ts';
import { recordNames } from '../issue/record-certificate.ts';
import type { AuthorityRecords } from '../records/authority-records.ts';

/**
 * Makes what was issued before schema version 3 found by host name and fingerprint too. To be called before anything is
 * issued: as long as nothing is indexed, all of it is still to be done.
 */
export async function indexOlderCertificates(records: AuthorityRecords): Promise<void> {
  if (!(await records.certificateNames.isEmpty())) return;
  const rows = await records.certificates.all();
  if (rows.length === 0) return;
  await records.transaction(async (tx) => {
    for (const { id, certificate } of rows) {
      const { fingerprint, extensions } = parseCertificate(certificate);
      await recordNames(tx, id, { fingerprint, names: extensions.subjectAltNames });
    }
  });
}
