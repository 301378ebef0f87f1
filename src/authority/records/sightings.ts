import type { Queries } from '../../db/index.ts';
import type { IdentityName } from './identities.ts';

/**
 * When somebody was last seen on a kind of listener asking for a service, and how he came. Times are milliseconds since 1970.
 * `software` and `weaker` are the word of whoever came.
 */
export interface SightingRow {
  /** Empty for who has no identity: the name is an address then. */
  readonly role: string;
  readonly name: string;
  readonly kind: 'tls' | 'plain';
  readonly service: string;
  readonly seen_at: number;
  readonly address: string;
  readonly listener: string;
  /** `TLS 1.3`; null on a plain line, as are the two after it. */
  readonly protocol: string | null;
  readonly cipher: string | null;
  readonly key_group: string | null;
  /** By what he was named; null for who has no identity. */
  readonly named_by: 'certificate' | 'token' | 'ticket' | null;
  readonly serial: string | null;
  readonly not_after: number | null;
  readonly software: string | null;
  /** Keys of his own policy that are weaker than the default, with commas. */
  readonly weaker: string | null;
  /** When the newest snapshot came that he left; null for none. */
  readonly snapshot_at: number | null;
}

/** Who was seen: a row for each node and service, and a bounded number for addresses of strangers. */
export class SightingRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** Of two servers that saw the same one the later counts; of snapshots too. */
  async put(row: SightingRow): Promise<void> {
    await this.#queries.run(
      `INSERT INTO sightings (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})
        ON CONFLICT (role, name, kind, service) DO UPDATE SET ${replaced},
          snapshot_at = CASE WHEN excluded.snapshot_at IS NULL OR sightings.snapshot_at > excluded.snapshot_at
            THEN sightings.snapshot_at ELSE excluded.snapshot_at END
          WHERE excluded.seen_at >= sightings.seen_at`,
      ...columns.map((column) => row[column]),
    );
  }

  /** That a snapshot of a client came then, where nothing newer is on record. */
  async putSnapshot(client: string, atMs: number): Promise<void> {
    await this.#queries.run(
      `INSERT INTO sightings (role, name, kind, service, seen_at, address, listener, snapshot_at)
        VALUES ('client', ?, 'tls', 'storage', ?, '', '', ?)
        ON CONFLICT (role, name, kind, service) DO UPDATE SET snapshot_at = excluded.snapshot_at
          WHERE sightings.snapshot_at IS NULL OR sightings.snapshot_at < excluded.snapshot_at`,
      client,
      atMs,
      atMs,
    );
  }

  /** Of identities from one to another, themselves included, in their order. */
  between(first: IdentityName, last: IdentityName): Promise<SightingRow[]> {
    return this.#queries.all<SightingRow>(
      `SELECT ${columns.join(', ')} FROM sightings WHERE (role, name) >= (?, ?) AND (role, name) <= (?, ?)
        ORDER BY role, name, seen_at DESC`,
      first.role,
      first.name,
      last.role,
      last.name,
    );
  }

  /** Identities that said something was weaker when they came last over TLS. */
  weaker(limit: number): Promise<SightingRow[]> {
    return this.#queries.all<SightingRow>(
      `SELECT ${columns.join(', ')} FROM sightings AS seen WHERE weaker IS NOT NULL AND role <> '' AND kind = 'tls'
        AND NOT EXISTS (SELECT 1 FROM sightings AS later WHERE later.role = seen.role AND later.name = seen.name
          AND later.kind = 'tls' AND (later.seen_at, later.service) > (seen.seen_at, seen.service))
        ORDER BY role, name LIMIT ?`,
      limit,
    );
  }

  /** Who asked a plain port for a repository since then: identities first, then addresses. */
  onPlain(sinceMs: number, limit: number): Promise<SightingRow[]> {
    return this.#queries.all<SightingRow>(
      `SELECT ${columns.join(', ')} FROM sightings WHERE kind = 'plain' AND service = 'storage' AND seen_at >= ?
        ORDER BY role DESC, name LIMIT ?`,
      sinceMs,
      limit,
    );
  }

  /** Forgets strangers: those of before a moment, and all but the newest so many. */
  async forgetStrangers(beforeMs: number, keep: number): Promise<void> {
    await this.#queries.run(
      `DELETE FROM sightings WHERE role = '' AND (seen_at < ? OR seen_at <
        (SELECT seen_at FROM sightings WHERE role = '' ORDER BY seen_at DESC LIMIT 1 OFFSET ?))`,
      beforeMs,
      keep - 1,
    );
  }
}

const columns = [
  'role',
  'name',
  'kind',
  'service',
  'seen_at',
  'address',
  'listener',
  'protocol',
  'cipher',
  'key_group',
  'named_by',
  'serial',
  'not_after',
  'software',
  'weaker',
  'snapshot_at',
] as const satisfies readonly (keyof SightingRow)[];

/** All but the key, and the newest snapshot, which is kept. */
const replaced = columns
  .slice(4, -1)
  .map((column) => `${column} = excluded.${column}`)
  .join(', ');
