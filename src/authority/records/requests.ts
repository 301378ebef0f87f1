import type { Bytes } from '../../base/index.ts';
import type { Queries } from '../../db/index.ts';
import type { Role, SerialNumber } from '../../pki/index.ts';
import { gaveRow } from './statement.ts';

/** What is asked for: a first certificate, the next one, or the next one of one that has ended. */
export type RequestKind = 'new' | 'renewal' | 'late renewal';
/** What became of a request. */
export type RequestState = 'pending' | 'approved' | 'denied' | 'expired';

/** A request on record. Times are milliseconds since 1970. */
export interface RequestRow {
  readonly id: number;
  readonly kind: RequestKind;
  /** Of the identity that is asked for; once approved, that was issued to. */
  readonly role: Role;
  readonly name: string;
  readonly public_key: Bytes;
  /** PKCS#10, DER. */
  readonly request: Bytes;
  /** The serial number of the certificate that it renews. */
  readonly renews: SerialNumber | null;
  /** `admin/local`, the identity that signed it, or `unknown`. */
  readonly asked_by: string;
  /** An address, or the administrator who handed it in. */
  readonly asked_from: string;
  readonly asked_at: number;
  readonly expires_at: number;
  readonly state: RequestState;
  readonly decided_by: string | null;
  readonly decided_at: number | null;
  readonly reason: string | null;
  /** Row of the certificate that it got. */
  readonly certificate: number | null;
}

/** What is put on record of a new one. */
export type NewRequest = Omit<
  RequestRow,
  'id' | 'state' | 'reason' | 'decided_by' | 'decided_at' | 'certificate'
>;

/** Who decided, and when. */
export interface Decision {
  readonly by: string;
  readonly atMs: number;
}

/** Requests for certificates. One whose time is over is `expired` in every answer, before that is on record. */
export class RequestRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  find(id: number, nowMs: number): Promise<RequestRow | undefined> {
    return this.#queries.get<RequestRow>(`SELECT ${columns} FROM requests WHERE id = ?`, nowMs, id);
  }

  /** By the SHA-256 of the handle that its sender has. */
  findByHandle(handleHash: Bytes, nowMs: number): Promise<RequestRow | undefined> {
    return this.#queries.get<RequestRow>(
      `SELECT ${columns} FROM requests WHERE handle_hash = ?`,
      nowMs,
      handleHash,
    );
  }

  /** Those of a key that nobody has decided on. */
  pendingOf(publicKey: Bytes, nowMs: number): Promise<RequestRow[]> {
    const sql = `SELECT ${columns} FROM requests WHERE state = 'pending' AND expires_at >= ? AND public_key = ?`;
    return this.#queries.all<RequestRow>(sql, nowMs, nowMs, publicKey);
  }

  /** Those of a key that were approved, the newest first. */
  approvedOf(publicKey: Bytes, nowMs: number): Promise<RequestRow[]> {
    const sql = `SELECT ${columns} FROM requests WHERE state = 'approved' AND public_key = ? ORDER BY id DESC`;
    return this.#queries.all<RequestRow>(sql, nowMs, publicKey);
  }

  /** Those that a certificate was issued for. */
  grantedBy(certificate: number, nowMs: number): Promise<RequestRow[]> {
    const sql = `SELECT ${columns} FROM requests WHERE state = 'approved' AND certificate = ?`;
    return this.#queries.all<RequestRow>(sql, nowMs, certificate);
  }

  /** Those before a number, the newest first; in one state when it is given. */
  before(
    id: number,
    {
      state,
      limit,
      nowMs,
    }: { readonly state?: RequestState; readonly limit: number; readonly nowMs: number },
  ): Promise<RequestRow[]> {
    const where = state === undefined ? '' : 'AND state = ?';
    return this.#queries.all<RequestRow>(
      `SELECT * FROM (SELECT ${columns} FROM requests) AS present WHERE id < ? ${where} ORDER BY id DESC LIMIT ?`,
      nowMs,
      id,
      ...(state === undefined ? [] : [state]),
      limit,
    );
  }

  /** Every one as it is on record. */
  all(): Promise<Pick<RequestRow, 'id' | 'state' | 'asked_at'>[]> {
    return this.#queries.all('SELECT id, state, asked_at FROM requests');
  }

  async countPending(nowMs: number): Promise<number> {
    const sql = "SELECT count(*) AS n FROM requests WHERE state = 'pending' AND expires_at >= ?";
    return (await this.#queries.get<{ n: number }>(sql, nowMs))?.n ?? 0;
  }

  countPendingByOrigin(nowMs: number): Promise<{ readonly asked_from: string; readonly n: number }[]> {
    return this.#queries.all(
      `SELECT asked_from, count(*) AS n FROM requests WHERE state = 'pending' AND expires_at >= ?
        GROUP BY asked_from`,
      nowMs,
    );
  }

  /** Gives its number. */
  async insert(handleHash: Bytes, request: NewRequest): Promise<number> {
    const { kind, role, name, public_key, renews, asked_by, asked_from, asked_at, expires_at } = request;
    const row = await this.#queries.get<{ id: number }>(
      `INSERT INTO requests (handle_hash, kind, role, name, public_key, request, renews, asked_by, asked_from, asked_at,
          expires_at, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending') RETURNING id`,
      handleHash,
      kind,
      role,
      name,
      public_key,
      request.request,
      renews,
      asked_by,
      asked_from,
      asked_at,
      expires_at,
    );
    return gaveRow(row).id;
  }

  async replaceHandle(id: number, handleHash: Bytes): Promise<void> {
    await this.#queries.run('UPDATE requests SET handle_hash = ? WHERE id = ?', handleHash, id);
  }

  async approve(
    id: number,
    { by, atMs, role, name, certificate }: Decision & { role: Role; name: string; certificate: number },
  ): Promise<void> {
    await this.#queries.run(
      `UPDATE requests SET state = 'approved', decided_by = ?, decided_at = ?, role = ?, name = ?, certificate = ?
        WHERE id = ?`,
      by,
      atMs,
      role,
      name,
      certificate,
      id,
    );
  }

  async deny(id: number, { by, atMs, reason }: Decision & { reason: string }): Promise<void> {
    const sql =
      "UPDATE requests SET state = 'denied', decided_by = ?, decided_at = ?, reason = ? WHERE id = ?";
    await this.#queries.run(sql, by, atMs, reason, id);
  }

  /** Puts on record that the time of some is over. */
  async expire(nowMs: number): Promise<void> {
    const where = "state = 'pending' AND expires_at < ?";
    if ((await this.#queries.get(`SELECT 1 FROM requests WHERE ${where} LIMIT 1`, nowMs)) === undefined)
      return;
    await this.#queries.run(`UPDATE requests SET state = 'expired' WHERE ${where}`, nowMs);
  }

  /** Removes some that ended before a time. The newest stays: its number would be given again. */
  async removeEnded(beforeMs: number): Promise<void> {
    const ended = `SELECT id FROM requests WHERE state IN ('approved', 'denied', 'expired') AND expires_at < ?
      AND id < (SELECT max(id) FROM requests)`;
    if ((await this.#queries.get(`${ended} LIMIT 1`, beforeMs)) === undefined) return;
    await this.#queries.run(
      `DELETE FROM requests WHERE id IN (${ended} LIMIT ${maxRemovedAtOnce})`,
      beforeMs,
    );
  }
}

const maxRemovedAtOnce = 1000;

const columns = `id, kind, role, name, public_key, request, renews, asked_by, asked_from, asked_at, expires_at,
  CASE WHEN state = 'pending' AND expires_at < ? THEN 'expired' ELSE state END AS state,
  decided_by, decided_at, reason, certificate`;
