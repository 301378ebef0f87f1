import type { AuthorityContext } from '../authority-context.ts';
import type { CaCertificate } from '../issuer.ts';
import type { IssuerKind } from '../issuer-records.ts';
import { readIssuers } from '../issuer-records.ts';

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

interface MovedRow {
  readonly label: string;
  readonly key_file: string;
  readonly key_moved_at: number;
}

/** Every certificate of the authority there ever was: roots, then issuing ones, the newest first. */
export async function readCustody(context: AuthorityContext): Promise<IssuerCustody[]> {
  const { database, keystore, issuer } = context;
  const moved = await database.all<MovedRow>(
    'SELECT label, key_file, key_moved_at FROM issuers WHERE key_file IS NOT NULL',
  );
  const placeOf = (label: string): KeyPlace => {
    if (keystore.has(label)) return { place: 'here' };
    const row = moved.find((each) => each.label === label);
    if (row === undefined) return { place: 'gone' };
    return { place: 'offline', file: row.key_file, since: new Date(row.key_moved_at) };
  };
  const inUse = [issuer.root.label, issuer.issuing.label];
  const all: IssuerCustody[] = [];
  for (const kind of ['root', 'issuing'] as const) {
    for (const issuer of await readIssuers(database, kind))
      all.push({ ...issuer, kind, key: placeOf(issuer.label), current: inUse.includes(issuer.label) });
  }
  return all;
}
