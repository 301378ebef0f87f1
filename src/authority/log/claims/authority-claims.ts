import { type Fingerprint, fingerprint, type RevocationReason } from '../../../pki/index.ts';
import { defaultPolicyText, type PolicyDifference, policyEntries } from '../../../policy/index.ts';
import { type IssuerRow, policyOnRecord } from '../../records/index.ts';
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

interface Issuer {
  fingerprint?: Fingerprint;
  revoked?: RevocationReason | undefined;
  keyFile?: string | undefined;
}

/** Certificates of the authority's own: each is the one that was made, revoked where it was revoked, its key where it was taken. */
export function issuerClaims(): Claims {
  const issuers = new Map<string, Issuer>();
  let fromKeys = true;
  return {
    note(record) {
      if (record.kind === 'authority created') fromKeys = false;
      for (const [label, change] of issuerChangesIn(record))
        issuers.set(label, { ...issuers.get(label), ...change });
    },
    async compare(records) {
      const rows = await records.issuers.all();
      const known = new Set(rows.map(({ label }) => label));
      return [
        ...[...issuers.keys()]
          .filter((label) => !known.has(label))
          .map((label) => `${label} is not on record`),
        ...rows.flatMap((row) => problemOf(row, issuers.get(row.label), fromKeys) ?? []),
      ];
    },
  };
}

function issuerChangesIn({ kind, details }: LogRecord): [string, Issuer][] {
  if (kind === 'authority created')
    return [
      ['root-1', { fingerprint: details.root }],
      ['issuing-1', { fingerprint: details.issuing }],
    ];
  if (kind === 'issuing certificate replaced') return [[details.label, { fingerprint: details.issuing }]];
  if (kind === 'root certificate renewed')
    return [[details.label, { fingerprint: details.root, revoked: undefined }]];
  if (kind === 'issuing certificate revoked') return [[details.label, { revoked: details.reason }]];
  if (kind === 'root offline') return [[details.label, { keyFile: details.file }]];
  return kind === 'root online' ? [[details.label, { keyFile: undefined }]] : [];
}

function problemOf(row: IssuerRow, issuer: Issuer | undefined, fromKeys: boolean): string | undefined {
  const { label, revoked_at, revocation_reason, key_file } = row;
  const made = issuer?.fingerprint;
  // Of keys alone, there are certificates from before the log.
  if (made === undefined && !fromKeys)
    return `${label} is on record, and the log does not say that it was made`;
  if (made !== undefined && made !== fingerprint(row.certificate))
    return `${label} is another one than was made`;
  if ((revoked_at === null ? undefined : revocation_reason) !== issuer?.revoked)
    return `${label} was ${issuer?.revoked === undefined ? 'not revoked, and is' : 'revoked, and is not'} on record`;
  if ((key_file ?? undefined) !== issuer?.keyFile)
    return `the key of ${label} was taken to ${JSON.stringify(issuer?.keyFile ?? null)}, and is on record in ${JSON.stringify(key_file)}`;
  return undefined;
}

/** The policy: every key has the value that it was given last, or the one that it began with. */
export function policyClaims(): Claims {
  const values = new Map<string, string>();
  let isLost = false;
  return {
    note(record) {
      for (const { key, after } of policyChangesIn(record)) values.set(key, after);
      if (record.kind === 'restored' && 'policy changed' in record.details.lost) isLost = true;
    },
    async compare(records) {
      const text = await records.policy.read();
      if (isLost) return [];
      const entries = policyEntries(policyOnRecord(text));
      const present = new Set(entries.map(({ key }) => key));
      const gone = [...values].filter(
        ([key, value]) =>
          key.startsWith('listeners.') && !present.has(key) && value !== defaultPolicyText(key),
      );
      return [
        ...entries
          .filter(({ key, text, isDefault }) => (values.has(key) ? values.get(key) !== text : !isDefault))
          .map(
            ({ key, text }) =>
              `the policy has ${key} ${text}, and was given ${values.get(key) ?? 'no such value'}`,
          ),
        ...gone.map(([key, value]) => `the policy was given ${key} ${value}, and has no such key`),
      ];
    },
  };
}

function policyChangesIn({ kind, details }: LogRecord): readonly PolicyDifference[] {
  return kind === 'policy changed' ? details.changes : [];
}

/** Roots from elsewhere: nodes are told to believe those that were bound, for their hosts, and no others. */
export function serverRootClaims(): Claims {
  const bound = new Map<string, Map<Fingerprint, number>>();
  return {
    note(record) {
      if (record.kind === 'tls bound') for (const host of record.details.hosts) remember(bound, host, record);
      if (record.kind === 'tls unbound') for (const host of record.details.hosts) bound.delete(host);
      const from = lostAfter(record);
      if (from === undefined) return;
      for (const roots of bound.values())
        for (const [root, sequence] of roots) if (sequence > from) roots.delete(root);
    },
    async compare(records) {
      const rows = await records.serverRoots.list();
      const problems = rows.flatMap(({ host, certificate }) =>
        bound.get(host)?.delete(fingerprint(certificate)) === true
          ? []
          : [`a root for ${host} is on record, and the log does not say that it was bound`],
      );
      const missing = [...bound].flatMap(([host, roots]) =>
        [...roots.values()].map((sequence) => ({ host, sequence })),
      );
      return [
        ...problems,
        ...missing.map(({ host, sequence }) => `the root for ${host} of record ${sequence} is not on record`),
      ];
    },
  };
}

function remember(
  bound: Map<string, Map<Fingerprint, number>>,
  host: string,
  { details, sequence }: RecordNamed<'tls bound'>,
): void {
  const roots = bound.get(host) ?? new Map<Fingerprint, number>();
  for (const root of details.roots) roots.set(root, sequence);
  bound.set(host, roots);
}

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
