import type { AuthorityContext } from '../authority-context.ts';
import type { CaCertificate } from '../issuers/issuer.ts';
import { readIssuers } from '../issuers/recorded-issuers.ts';
import type { IssuerKind } from '../records/issuers.ts';

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
export async function readCustody(context: AuthorityContext): Promise<IssuerCustody[]> {
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
