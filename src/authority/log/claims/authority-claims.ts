import type { LogRecord, RecordNamed } from '../log-record.ts';
import { type Claims, lostAfter } from './claims.ts';

/** The authority itself: what it is called, whom it seals to, and that it has not come back from where it stopped. */
export function authorityClaims(): Claims {
  let created: Partial<RecordNamed<'authority created'>['details']> = {};
  let epoch = 1;
  let crlNumber = 0;
  let stopped: string | undefined;
  return {
    note(record) {
      epoch = Math.max(epoch, record.epoch);
      if (record.kind === 'authority created') created = record.details;
      // From keys alone there is a new kit.
      if (lostAfter(record) === 0) created = { ...created, recoveryRecipient: undefined };
      if (record.kind === 'crl signed') crlNumber = Math.max(crlNumber, record.details.number);
      stopped = stoppedBy(record, stopped);
    },
    async compare(records) {
      const row = await records.state.read();
      if (row === undefined) return ['the database does not say which authority it is of'];
      return [
        ...said('the network is called', row.network, created.network),
        ...said('the recovery key is', row.recovery_recipient, created.recoveryRecipient),
        ...(row.epoch < epoch ? [`the epoch is ${row.epoch} on record, and ${epoch} in the log`] : []),
        ...(row.crl_number < crlNumber
          ? [`the last revocation list has number ${row.crl_number} on record, and ${crlNumber} in the log`]
          : []),
        ...(row.standing === 'ready' && stopped !== undefined
          ? [`the authority is at work on record, and ${stopped} in the log`]
          : []),
      ];
    },
  };
}

function said(what: string, found: string, logged: string | undefined): string[] {
  return logged === undefined || logged === found
    ? []
    : [`${what} ${found} on record, and ${JSON.stringify(logged)} in the log`];
}

function stoppedBy({ kind, details }: LogRecord, before: string | undefined): string | undefined {
  if (kind === 'superseded') return 'superseded';
  if (kind === 'retired') return 'undone' in details ? undefined : 'retired';
  return kind === 'restored' ? undefined : before;
}
