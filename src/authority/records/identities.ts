import type { Queries } from '../../db/index.ts';
import type { Identity, Role } from '../../pki/index.ts';
import { gaveRow } from './statement.ts';

/** Who can be issued to, once something was. Times are milliseconds since 1970. */
export interface IdentityRow {
  readonly id: number;
  readonly role: Role;
  readonly name: string;
  /** Null for one that may have certificates. */
  readonly revoked_at: number | null;
  /** 1 where its keys are made beside the authority, for copies of its files; 0 where a machine makes its own. */
  readonly with_key: 0 | 1;
  readonly created_at: number;
}

/** What an identity is put on record with, and again with each certificate. */
export interface IdentityUse {
  readonly nowMs: number;
  /** The end of the certificate. */
  readonly liveUntilMs: number;
  /** Who makes its keys from now on; as before unless said. */
  readonly withKey: boolean | undefined;
}

/** Role and name: what an identity is called for ever. */
export interface IdentityName {
  readonly role: Role;
  readonly name: string;
}

/** An identity in a list. */
export interface ListedIdentityRow extends IdentityName {
  readonly revoked_at: number | null;
  /** The end of its last certificate that is not revoked; null where there is none. */
  readonly live_until: number | null;
}

/** Identities: there from the first certificate on and for ever, so that no name is ever given to somebody else. */
export class IdentityRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  find({ role, name }: IdentityName): Promise<IdentityRow | undefined> {
    const sql = `SELECT ${columns} FROM identities WHERE role = ? AND name = ?`;
    return this.#queries.get<IdentityRow>(sql, role, name);
  }

  /** By its row. */
  async read(id: number): Promise<IdentityRow> {
    return gaveRow(
      await this.#queries.get<IdentityRow>(`SELECT ${columns} FROM identities WHERE id = ?`, id),
    );
  }

  /** All of a name, by role. */
  named(name: string): Promise<IdentityName[]> {
    return this.#queries.all<IdentityName>(
      'SELECT role, name FROM identities WHERE name = ? ORDER BY role',
      name,
    );
  }

  /** The row of an identity that is used, made when there is none. One that was ended is given as it is. */
  async ensure(
    { role, name }: IdentityName,
    { nowMs, liveUntilMs, withKey }: IdentityUse,
  ): Promise<IdentityRow> {
    const row = await this.#queries.get<IdentityRow>(
      `INSERT INTO identities (role, name, created_at, live_until, with_key) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (role, name) DO UPDATE SET with_key = coalesce(?, identities.with_key),
          live_until = CASE WHEN identities.live_until > excluded.live_until THEN identities.live_until
            ELSE excluded.live_until END
        RETURNING ${columns}`,
      role,
      name,
      nowMs,
      liveUntilMs,
      Number(withKey === true),
      withKey === undefined ? null : Number(withKey),
    );
    return gaveRow(row);
  }

  /** One that nothing was issued to here. */
  async insert({ role, name }: IdentityName, nowMs: number): Promise<IdentityRow> {
    const sql = `INSERT INTO identities (role, name, created_at) VALUES (?, ?, ?) RETURNING ${columns}`;
    return gaveRow(await this.#queries.get<IdentityRow>(sql, role, name, nowMs));
  }

  /** From then on it gets nothing but by a reissue. */
  async end({ role, name }: IdentityName, atMs: number): Promise<void> {
    const sql = 'UPDATE identities SET revoked_at = ? WHERE role = ? AND name = ?';
    await this.#queries.run(sql, atMs, role, name);
  }

  /** Gives an identity back its right to certificates: whoever decides says so by a reissue. */
  async revive({ role, name }: IdentityName): Promise<void> {
    await this.#queries.run(
      'UPDATE identities SET revoked_at = NULL WHERE role = ? AND name = ?',
      role,
      name,
    );
  }

  /** How many of each role have a certificate that is good at `nowMs`. */
  countLive(nowMs: number): Promise<{ readonly role: Role; readonly n: number }[]> {
    const sql = `SELECT role, count(*) AS n FROM identities WHERE live_until >= ? AND ${isNode} GROUP BY role`;
    return this.#queries.all(sql, nowMs);
  }

  /** Whose last certificate ends in a span of time, the soonest first. */
  ending(
    fromMs: number,
    { beforeMs, limit }: { readonly beforeMs: number; readonly limit: number },
  ): Promise<(IdentityName & { readonly live_until: number })[]> {
    return this.#queries.all(
      `SELECT role, name, live_until FROM identities WHERE live_until >= ? AND live_until < ? AND ${isNode}
        ORDER BY live_until LIMIT ?`,
      fromMs,
      beforeMs,
      limit,
    );
  }

  /** Those that come after one, by role and name; of one role or with one name where that is said. */
  page(
    after: { readonly role: string; readonly name: string },
    { role, name, limit }: { readonly role?: Role; readonly name?: string; readonly limit: number },
  ): Promise<ListedIdentityRow[]> {
    const said = [...(role === undefined ? [] : [role]), ...(name === undefined ? [] : [name])];
    return this.#queries.all<ListedIdentityRow>(
      `SELECT role, name, revoked_at, live_until FROM identities WHERE (role, name) > (?, ?) AND ${isNode}
        ${role === undefined ? '' : 'AND role = ?'} ${name === undefined ? '' : 'AND name = ?'}
        ORDER BY role, name LIMIT ?`,
      after.role,
      after.name,
      ...said,
      limit,
    );
  }

  /** How many are live, and have no certificate whose issuer is not revoked. */
  async countToRenew(nowMs: number): Promise<number> {
    const row = await this.#queries.get<{ n: number }>(
      `SELECT count(*) AS n FROM identities i WHERE i.live_until >= ? AND ${isNode} AND NOT EXISTS (
        SELECT 1 FROM certificates c JOIN issuers s ON s.label = c.issuer
          WHERE c.identity = i.id AND c.revoked_at IS NULL AND c.not_after >= ? AND s.revoked_at IS NULL)`,
      nowMs,
      nowMs,
    );
    return row?.n ?? 0;
  }

  /** Those that were ended, and those without a certificate. */
  odd(): Promise<(IdentityName & { readonly ended: 0 | 1; readonly certified: 0 | 1 })[]> {
    return this.#queries.all(
      `SELECT role, name, CASE WHEN revoked_at IS NULL THEN 0 ELSE 1 END AS ended,
          CASE WHEN EXISTS (SELECT 1 FROM certificates WHERE identity = identities.id) THEN 1 ELSE 0 END AS certified
        FROM identities WHERE revoked_at IS NOT NULL
          OR NOT EXISTS (SELECT 1 FROM certificates WHERE identity = identities.id)`,
    );
  }
}

/**
 * Who signs releases: on record as nodes are, so that what it has can be revoked, and none of them. What lists and counts nodes
 * leaves it out.
 */
export const releaseSigner = 'release/signer';
const isNode = "role <> 'release'";

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

const columns = 'id, role, name, revoked_at, with_key, created_at';
