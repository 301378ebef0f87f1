import type { Bytes } from '../../base/index.ts';
import type { CommittedReader, Queries } from '../../db/index.ts';

/** The newest list of an issuer, without its bytes. Times are milliseconds since 1970. */
export interface CrlRow {
  readonly number: number;
  readonly this_update: number;
  readonly next_update: number;
  /** How many revocations of the issuer it knows of. */
  readonly revocations: number;
}

/** What is known of an issuer's list at once: what was signed, if anything was, and how many revocations there are by now. */
export function readCrlState(
  reader: CommittedReader,
  label: string,
): { readonly crl: CrlRow | undefined; readonly revocations: number } {
  const crl = reader.get(
    'SELECT number, this_update, next_update, revocations FROM crls WHERE issuer = ?',
    label,
  );
  const issuer = reader.get('SELECT revocations FROM issuers WHERE label = ?', label);
  return { crl: crl as CrlRow | undefined, revocations: Number(issuer?.revocations ?? 0) };
}

/** The bytes of an issuer's newest list with its number, or undefined when none was signed. */
export function readCrl(
  queries: Queries,
  label: string,
): Promise<(CrlRow & { readonly crl: Bytes }) | undefined> {
  const sql = 'SELECT number, this_update, next_update, revocations, crl FROM crls WHERE issuer = ?';
  return queries.get(sql, label);
}

/** A list as it is listed. */
export interface ListedCrl {
  /** Of its issuer. */
  readonly label: string;
  readonly number: number;
  readonly signedAt: Date;
  readonly nextUpdate: Date;
}

/** The newest list of every issuer, without their bytes. */
export async function listCrls(queries: Queries): Promise<ListedCrl[]> {
  const rows = await queries.all<{ issuer: string } & CrlRow>(
    'SELECT issuer, number, this_update, next_update FROM crls ORDER BY issuer',
  );
  return rows.map(({ issuer, number, this_update, next_update }) => ({
    label: issuer,
    number,
    signedAt: new Date(this_update),
    nextUpdate: new Date(next_update),
  }));
}

/**
 * Takes the next number for a list: above every one before, and not below the time, so that a restored authority, which
 * may not know the last ones, does not use them again.
 */
export async function takeCrlNumber(tx: Queries, nowMs: number): Promise<number> {
  const sql = 'UPDATE authority SET crl_number = max(crl_number + 1, ?) RETURNING crl_number';
  const row = await tx.get<{ crl_number: number }>(sql, nowMs);
  if (row === undefined) throw new TypeError('UPDATE … RETURNING gave no row');
  return row.crl_number;
}

/** Keeps a list as the newest of its issuer, unless a newer one came first; says whether it was kept. */
export async function keepCrl(
  tx: Queries,
  label: string,
  { number, this_update, next_update, revocations, crl }: CrlRow & { readonly crl: Bytes },
): Promise<boolean> {
  const { changes } = await tx.run(
    `INSERT INTO crls (issuer, number, this_update, next_update, revocations, crl) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (issuer) DO UPDATE SET number = excluded.number, this_update = excluded.this_update,
        next_update = excluded.next_update, revocations = excluded.revocations, crl = excluded.crl
      WHERE excluded.number > crls.number`,
    label,
    number,
    this_update,
    next_update,
    revocations,
    crl,
  );
  return changes > 0;
}
