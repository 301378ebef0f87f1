import { hash } from 'node:crypto';
import type { Bytes } from '../../base/index.ts';
import type { Certificate, Fingerprint, GeneralName, Identity, Role } from '../../pki/index.ts';
import { fingerprintName } from './certificate-names.ts';
import type { IssuerKind } from './issuers.ts';
import type { Records } from './records.ts';

/** Puts a certificate of the authority on record. */
export async function recordIssuer(
  { issuers }: Records,
  {
    kind,
    generation,
    certificate,
  }: { readonly kind: IssuerKind; readonly generation: number; readonly certificate: Certificate },
): Promise<void> {
  const public_key = publicKeyHash(certificate.spki);
  await issuers.insert({ kind, generation, public_key, certificate: certificate.der });
}

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

/** What a public key is known by in the records: the SHA-256 of its SubjectPublicKeyInfo. */
export function publicKeyHash(spki: Bytes): Bytes {
  const known = hashes.get(spki);
  if (known !== undefined) return known;
  const made = hash('sha256', spki, 'buffer');
  hashes.set(spki, made);
  return made;
}

/** Several rules ask for that of one request. */
const hashes = new WeakMap<Bytes, Bytes>();

/** `client/alpha`: an identity within its network, as the log and people say it. */
export function identityLabel({ role, name }: Pick<Identity, 'role' | 'name'>): string {
  return `${role}/${name}`;
}

/** What {@link identityLabel} made, taken apart. */
export function identityOf(label: string): { readonly role: Role; readonly name: string } {
  const slash = label.indexOf('/');
  return { role: label.slice(0, slash) as Role, name: label.slice(slash + 1) };
}

/** The command that makes the code by which an identity comes back. */
export function reissueCommand({ role, name }: Pick<Identity, 'role' | 'name'>): string {
  return `holdfast token create --reissue ${name}${role === 'client' ? '' : ` --role ${role}`}`;
}
