import { type Fingerprint, fingerprint } from '../../../pki/index.ts';
import type { Claims } from './claims.ts';

/** What is on record of backups and of those who sign OCSP answers: nothing that the log has not seen made. */
export function backupClaims(): Claims {
  const made = new Set<string>();
  return {
    note(record) {
      if (record.kind !== 'backed up') return;
      const { place, name } = record.details;
      made.add(JSON.stringify([place, name]));
    },
    async compare(records) {
      const rows = await records.backups.places();
      return rows
        .filter(({ place, name }) => !made.has(JSON.stringify([place, name])))
        .map(({ name }) => `the backup ${name} is on record, and the log does not say that it was made`);
    },
  };
}

/** Those who sign OCSP answers. */
export function ocspSignerClaims(): Claims {
  const made = new Set<Fingerprint>();
  let fromKeys = true;
  return {
    note(record) {
      if (record.kind === 'authority created') fromKeys = false;
      if (record.kind === 'ocsp signer replaced') made.add(record.details.fingerprint);
    },
    async compare(records) {
      // Of keys alone, there are certificates from before the log.
      if (fromKeys) return [];
      const rows = await records.ocspSigners.list();
      return rows
        .filter(({ certificate }) => !made.has(fingerprint(certificate)))
        .map(({ label }) => `${label} is on record, and the log does not say that it was made`);
    },
  };
}
