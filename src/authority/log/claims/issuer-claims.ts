import { type Fingerprint, fingerprint, type RevocationReason } from '../../../pki/index.ts';
import type { IssuerRow } from '../../records/index.ts';
import type { LogRecord } from '../log-record.ts';
import type { Claims } from './claims.ts';

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
      for (const [label, change] of changesIn(record))
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

function changesIn({ kind, details }: LogRecord): [string, Issuer][] {
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
