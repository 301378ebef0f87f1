import { parseCertificate } from '../../pki/index.ts';
import type { Keystore } from '../../trust/index.ts';
import { hashRecord } from '../log/log-record.ts';
import { authorityDamaged } from '../records/authority-damaged.ts';
import { readRecordsIn } from '../records/open-records.ts';
import type { BackupManifest } from './backup-manifest.ts';

/** What a backup of this copy of a database, and of the keys that are here, says of itself. */
export async function describeSnapshot(
  path: string,
  keystore: Keystore,
  madeAt: Date,
): Promise<Omit<BackupManifest, 'parts'>> {
  return await readRecordsIn(path, async ({ state, log, issuers, ocspSigners }) => {
    const about = await state.read();
    const last = await log.last();
    if (about === undefined || last === undefined) throw authorityDamaged('its database has no log');
    const certificates = [...(await issuers.list('root')), ...(await issuers.list('issuing'))];
    const [root] = certificates;
    if (root === undefined) throw authorityDamaged('its database has no root');
    const signers = await ocspSigners.list();
    const recorded = new Set(
      [...certificates, ...signers].map(({ label }) => label).concat(keystore.labels()),
    );
    return {
      network: about.network,
      root: parseCertificate(root.certificate).fingerprint,
      epoch: about.epoch,
      madeAt: madeAt.toISOString(),
      log: { sequence: last.sequence, head: hashRecord(last.record) },
      keys: [...recorded].sort().map((label) => ({ label, held: keystore.has(label) })),
      retired: about.standing === 'retired',
    };
  });
}
