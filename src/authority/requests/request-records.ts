import type { Bytes } from '../../base/index.ts';
import type { Queries, SqlValue } from '../../db/index.ts';
import type { RequestState } from '../../enrol/index.ts';
import type { Role, SerialNumber } from '../../pki/index.ts';

/** How a request came to be: by itself, or signed with a certificate that it renews, in time or late. */
export type RequestKind = 'new' | 'renewal' | 'late renewal';

/** A request on record. Times are milliseconds since 1970. */
export interface RequestRow {
  readonly id: number;
  readonly kind: RequestKind;
  /** Of the identity that is asked for; once approved, that was issued to. */
  readonly role: Role;
  readonly name: string;
  readonly public_key: Uint8Array;
  /** PKCS#10, DER. */
  readonly request: Uint8Array;
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

/** A request to be put on record. */
export type NewRequest = Omit<
  RequestRow,
  'id' | 'state' | 'reason' | 'decided_by' | 'decided_at' | 'certificate'
>;

const columns = `id, kind, role, name, public_key, request, renews, asked_by, asked_from, asked_at, expires_at,
  CASE WHEN state = 'pending' AND expires_at < ? THEN 'expired' ELSE state END AS state,
  decided_by, decided_at, reason, certificate`;

/** The request of this number, as it stands at `nowMs`. */
export function findRequest(queries: Queries, id: number, nowMs: number): Promise<RequestRow | undefined> {
  return queries.get<RequestRow>(`SELECT ${columns} FROM requests WHERE id = ?`, nowMs, id);
}

/** The request that is followed by what has this hash. */
export function findByHandle(
  queries: Queries,
  handleHash: Bytes,
  nowMs: number,
): Promise<RequestRow | undefined> {
  const sql = `SELECT ${columns} FROM requests WHERE handle_hash = ?`;
  return queries.get<RequestRow>(sql, nowMs, handleHash);
}

/** The request for a public key that waits. */
export function findPending(
  queries: Queries,
  publicKey: Bytes,
  nowMs: number,
): Promise<RequestRow | undefined> {
  const sql = `SELECT ${columns} FROM requests WHERE state = 'pending' AND expires_at >= ? AND public_key = ?`;
  return queries.get<RequestRow>(sql, nowMs, nowMs, publicKey);
}

/** The request that a certificate was issued for. */
export function findByCertificate(
  queries: Queries,
  certificate: number,
  nowMs: number,
): Promise<RequestRow | undefined> {
  const sql = `SELECT ${columns} FROM requests WHERE state = 'approved' AND certificate = ?`;
  return queries.get<RequestRow>(sql, nowMs, certificate);
}

/** Which requests are meant: those in a state, handed in before one with a number; at most so many. */
export interface RequestPage {
  readonly state?: RequestState;
  readonly before?: number;
  readonly limit?: number;
}

/** The newest requests of a page. */
export function listRequests(
  queries: Queries,
  {
    state,
    before = Number.MAX_SAFE_INTEGER,
    limit,
    nowMs,
  }: RequestPage & { readonly limit: number; readonly nowMs: number },
): Promise<RequestRow[]> {
  const values: SqlValue[] = state === undefined ? [nowMs, before, limit] : [nowMs, before, state, limit];
  const where = state === undefined ? '' : 'AND state = ?';
  const sql = `SELECT * FROM (SELECT ${columns} FROM requests) WHERE id < ? ${where} ORDER BY id DESC LIMIT ?`;
  return queries.all<RequestRow>(sql, ...values);
}

/** How many wait. */
export async function countPending(queries: Queries, nowMs: number): Promise<number> {
  const sql = "SELECT count(*) AS n FROM requests WHERE state = 'pending' AND expires_at >= ?";
  return (await queries.get<{ n: number }>(sql, nowMs))?.n ?? 0;
}

/** How many wait from each address, or of each administrator. */
export function countPendingByOrigin(
  queries: Queries,
  nowMs: number,
): Promise<{ readonly asked_from: string; readonly n: number }[]> {
  return queries.all(
    `SELECT asked_from, count(*) AS n FROM requests WHERE state = 'pending' AND expires_at >= ?
      GROUP BY asked_from`,
    nowMs,
  );
}

/** Puts a request on record, waiting; gives its number. */
export async function insertRequest(tx: Queries, handleHash: Bytes, request: NewRequest): Promise<number> {
  const { kind, role, name, public_key, renews, asked_by, asked_from, asked_at, expires_at } = request;
  const row = await tx.get<{ id: number }>(
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
  if (row === undefined) throw new TypeError('INSERT … RETURNING gave no row');
  return row.id;
}

/** From now on another handle follows a request, and the one before no longer does. */
export async function replaceHandle(tx: Queries, id: number, handleHash: Bytes): Promise<void> {
  await tx.run('UPDATE requests SET handle_hash = ? WHERE id = ?', handleHash, id);
}

/** What was decided on a request. */
export interface Decision {
  readonly by: string;
  readonly atMs: number;
}

/** A request was granted: `identity` got a certificate for it. */
export async function markApproved(
  tx: Queries,
  id: number,
  { by, atMs, role, name, certificate }: Decision & { role: Role; name: string; certificate: number },
): Promise<void> {
  await tx.run(
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

/** A request was not granted, and why. */
export async function markDenied(
  tx: Queries,
  id: number,
  { by, atMs, reason }: Decision & { reason: string },
): Promise<void> {
  await tx.run(
    `UPDATE requests SET state = 'denied', decided_by = ?, decided_at = ?, reason = ? WHERE id = ?`,
    by,
    atMs,
    reason,
    id,
  );
}

/** Chain of the certificate in a row: the leaf, then what issued it. */
export async function readChain(queries: Queries, certificate: number): Promise<readonly Bytes[]> {
  const row = await queries.get<{ leaf: Uint8Array; issuer: Uint8Array }>(
    `SELECT c.certificate AS leaf, i.certificate AS issuer
      FROM certificates c JOIN issuers i ON i.label = c.issuer WHERE c.id = ?`,
    certificate,
  );
  if (row === undefined) throw new TypeError(`there is no certificate ${certificate}`);
  return [row.leaf, row.issuer];
}
