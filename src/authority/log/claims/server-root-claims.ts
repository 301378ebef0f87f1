import { fingerprint } from '../../../pki/index.ts';
import type { LogRecord } from '../log-record.ts';
import { type Claims, lostAfter } from './claims.ts';

/** Roots from elsewhere: nodes are told to believe those that were bound, for their hosts, and no others. */
export function serverRootClaims(): Claims {
  const bound = new Map<string, Map<unknown, number>>();
  return {
    note(record) {
      for (const host of hostsIn(record, 'tls bound')) remember(bound, host, record);
      for (const host of hostsIn(record, 'tls unbound')) bound.delete(host);
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

function hostsIn({ kind, details }: LogRecord, what: 'tls bound' | 'tls unbound'): string[] {
  const hosts = kind === what ? details['hosts'] : undefined;
  return Array.isArray(hosts) ? hosts.map(String) : [];
}

function remember(
  bound: Map<string, Map<unknown, number>>,
  host: string,
  { details, sequence }: LogRecord,
): void {
  const roots = bound.get(host) ?? new Map<unknown, number>();
  for (const root of details['roots'] as readonly unknown[]) roots.set(root, sequence);
  bound.set(host, roots);
}
