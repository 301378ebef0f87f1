import type { Queries } from '../db/index.ts';
import type { Fingerprint, GeneralName } from '../pki/index.ts';

/** Records what a certificate is found by besides its serial number and its node's name: host names and fingerprint. */
export async function recordNames(
  tx: Queries,
  id: number,
  certificate: { readonly fingerprint: Fingerprint; readonly names: readonly GeneralName[] },
): Promise<void> {
  const names = new Set(searchNames(certificate));
  const rows = [...names].map(() => '(?, ?)').join(', ');
  const insert = `INSERT INTO certificate_names (name, certificate) VALUES ${rows}`;
  await tx.run(insert, ...[...names].flatMap((name) => [name, id]));
}

/** Under which name a fingerprint stands beside the host names of a certificate: `sha256:4f1c…`. */
export function fingerprintName(fingerprint: string): string {
  return `sha256:${fingerprint.slice('SHA256:'.length).replaceAll(':', '')}`;
}

function searchNames({ fingerprint, names }: Parameters<typeof recordNames>[2]): string[] {
  const hosts = names.flatMap((name) =>
    name.kind === 'dns' || name.kind === 'ip' ? [name.value.toLowerCase()] : [],
  );
  return [fingerprintName(fingerprint), ...hosts];
}
