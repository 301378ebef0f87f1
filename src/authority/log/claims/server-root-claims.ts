import { type Fingerprint, fingerprint } from '../../../pki/index.ts';
import type { RecordNamed } from '../log-record.ts';
import { type Claims, lostAfter } from './claims.ts';

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
