import type { Fingerprint, GeneralName } from '../../pki/index.ts';
import { fingerprintName } from './certificate-names.ts';
import type { Records } from './records.ts';

/** Records what a certificate is found by besides its serial number and its node's name: host names and fingerprint. */
export async function recordNames(
  { certificateNames }: Records,
  id: number,
  { fingerprint, names }: { readonly fingerprint: Fingerprint; readonly names: readonly GeneralName[] },
): Promise<void> {
  const hosts = names.flatMap((name) =>
    name.kind === 'dns' || name.kind === 'ip' ? [name.value.toLowerCase()] : [],
  );
  await certificateNames.insert(id, [...new Set([fingerprintName(fingerprint), ...hosts])]);
}
