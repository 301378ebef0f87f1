import type { Keystore } from '../../trust/index.ts';
import { type CaCertificate, type Replacing, readIssuers } from '../issuers/index.ts';
import type { IssuerKind, Records } from '../records/index.ts';

/** Where the private key of a certificate is. */
export type KeyPlace =
  /** In the authority's keystore. */
  | { readonly place: 'here' }
  /** In an encrypted file that was written when it was taken away. */
  | { readonly place: 'offline'; readonly file: string; readonly since: Date }
  /** Neither here nor known to be anywhere. */
  | { readonly place: 'gone' };

/** A certificate of the authority's own, and who has its key. */
export interface IssuerCustody extends CaCertificate {
  readonly kind: IssuerKind;
  readonly key: KeyPlace;
  /** Whether it is the one in use. */
  readonly current: boolean;
}

/** Every certificate of the authority there ever was: roots, then issuing ones, the newest first. */
export async function readCustody(context: Replacing): Promise<IssuerCustody[]> {
  const { records, keystore, issuer } = context;
  const rows = await records.issuers.all();
  const placeOf = (label: string): KeyPlace => {
    if (keystore.has(label)) return { place: 'here' };
    const { key_file: file = null, key_moved_at: sinceMs = null } =
      rows.find((row) => row.label === label) ?? {};
    if (file === null) return { place: 'gone' };
    return { place: 'offline', file, since: new Date(sinceMs ?? 0) };
  };
  const inUse = [issuer.root.label, issuer.issuing.label];
  const all: IssuerCustody[] = [];
  for (const kind of ['root', 'issuing'] as const) {
    for (const issuer of await readIssuers(records, kind))
      all.push({ ...issuer, kind, key: placeOf(issuer.label), current: inUse.includes(issuer.label) });
  }
  return all;
}

/**
 * A sentence for each root whose key is in the keystore though it is on record as taken away: it came back with a backup
 * from before that, or a crash kept it from leaving.
 */
export async function rootCameBack({ issuers }: Records, keystore: Keystore): Promise<string[]> {
  const roots = await issuers.list('root');
  return roots
    .filter(({ label, key_file }) => key_file !== null && keystore.has(label))
    .map(
      ({ label, key_file: file }) =>
        `the key ${label} is here, though it was taken offline to ${file}: take it away again with holdfast ca offline FILE`,
    );
}
