import type { Bytes } from '../../base/index.ts';
import type { Queries } from '../../db/index.ts';
import type { Certificate, FoundReason, RevocationReason } from '../../pki/index.ts';
import { publicKeyHash } from './certificate-filter.ts';

/** A certificate of the authority: its root, or one of those that issue. */
export type IssuerKind = 'root' | 'issuing';

/** The label of a certificate of the authority: `root-1`, `issuing-3`. */
export function issuerLabel(kind: IssuerKind, generation: number): string {
  return `${kind}-${generation}`;
}

/** A certificate of the authority on record. Times are milliseconds since 1970. */
export interface IssuerRow {
  readonly label: string;
  readonly kind: IssuerKind;
  readonly generation: number;
  /** SHA-256 of its SubjectPublicKeyInfo. */
  readonly public_key: Bytes;
  readonly certificate: Bytes;
  readonly revoked_at: number | null;
  readonly revocation_reason: RevocationReason | null;
  /** How many revocations there were of what it issued; a list knows how many of them it has. */
  readonly revocations: number;
  /** Where its key was taken to, and when; null while it is in the keystore. */
  readonly key_file: string | null;
  readonly key_moved_at: number | null;
}

/** The certificates of the authority itself: a handful in twenty years. */
export class IssuerRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  /** All of a kind, the newest first. */
  list(kind: IssuerKind): Promise<IssuerRow[]> {
    return this.#queries.all<IssuerRow>(
      `SELECT ${columns} FROM issuers WHERE kind = ? ORDER BY generation DESC`,
      kind,
    );
  }

  /** All there ever were, the roots last, the newest of each first. */
  all(): Promise<IssuerRow[]> {
    return this.#queries.all<IssuerRow>(`SELECT ${columns} FROM issuers ORDER BY kind, generation DESC`);
  }

  find(label: string): Promise<IssuerRow | undefined> {
    return this.#queries.get<IssuerRow>(`SELECT ${columns} FROM issuers WHERE label = ?`, label);
  }

  /** Whether a public key is one of the authority's own. */
  async hasKey(publicKey: Bytes): Promise<boolean> {
    return (await this.#queries.get('SELECT 1 FROM issuers WHERE public_key = ?', publicKey)) !== undefined;
  }

  async insert({
    kind,
    generation,
    certificate: { spki, der },
  }: {
    readonly kind: IssuerKind;
    readonly generation: number;
    readonly certificate: Certificate;
  }): Promise<void> {
    await this.#queries.run(
      'INSERT INTO issuers (label, kind, generation, public_key, certificate) VALUES (?, ?, ?, ?, ?)',
      issuerLabel(kind, generation),
      kind,
      generation,
      publicKeyHash(spki),
      der,
    );
  }

  /** For ever; the lists of the root and of itself have one more to know. One that is revoked already stays as it is. */
  async markRevoked(label: string, atMs: number, reason: RevocationReason): Promise<void> {
    const { changes } = await this.#queries.run(
      'UPDATE issuers SET revoked_at = ?, revocation_reason = ? WHERE label = ? AND revoked_at IS NULL',
      atMs,
      reason,
      label,
    );
    if (changes === 0) return;
    const count = "UPDATE issuers SET revocations = revocations + 1 WHERE label = ? OR kind = 'root'";
    await this.#queries.run(count, label);
  }

  /** Another certificate for the same key, which nobody has revoked. */
  async replaceCertificate(label: string, certificate: Bytes): Promise<void> {
    await this.#queries.run(
      'UPDATE issuers SET certificate = ?, revoked_at = NULL, revocation_reason = NULL WHERE label = ?',
      certificate,
      label,
    );
  }

  /** Its key was taken to a file, or came back from it. */
  async moveKey(
    label: string,
    to: { readonly file: string; readonly atMs: number } | undefined,
  ): Promise<void> {
    const sql = 'UPDATE issuers SET key_file = ?, key_moved_at = ? WHERE label = ?';
    await this.#queries.run(sql, to?.file ?? null, to?.atMs ?? null, label);
  }
}

const columns =
  'label, kind, generation, public_key, certificate, revoked_at, revocation_reason, revocations, key_file, key_moved_at';

/** A certificate of another authority that stands above the root, or one that the root itself had before. */
interface OutsideCertificateRow {
  readonly fingerprint: string;
  /** DER. */
  readonly certificate: Bytes;
}

/**
 * The certificates above a root that another authority signed, which nobody of the network trusts, and those of before of
 * the root's own key.
 */
export class OutsideCertificateRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  list(): Promise<OutsideCertificateRow[]> {
    return this.#queries.all<OutsideCertificateRow>(
      'SELECT fingerprint, certificate FROM outside_certificates ORDER BY fingerprint',
    );
  }

  /** One that is there already stays. */
  async insert({ fingerprint, certificate }: OutsideCertificateRow): Promise<void> {
    await this.#queries.run(
      'INSERT INTO outside_certificates (fingerprint, certificate) VALUES (?, ?) ON CONFLICT (fingerprint) DO NOTHING',
      fingerprint,
      certificate,
    );
  }
}

/** What is known of whether a certificate is revoked that another authority signed. Times are milliseconds since 1970. */
export interface OutsideStatusRow {
  readonly fingerprint: string;
  readonly revoked_at: number | null;
  readonly revocation_reason: OutsideReason | null;
  /** Of when the list or the answer is that says so. */
  readonly said_at: number | null;
  /** When it was asked last. */
  readonly asked_at: number | null;
  /** How often in a row nothing could be learnt. */
  readonly failures: number;
  /** Why nothing could be learnt the last time. */
  readonly problem: string | null;
  /** When it was learnt last that it is not revoked, and until when that counts. */
  readonly known_at: number | null;
  readonly known_until: number | null;
}

/** Why an authority outside has revoked something: a hold may be lifted again. */
export type OutsideReason = Exclude<FoundReason, 'removeFromCRL'>;

/** What asking has come to. */
export type OutsideAnswer = Pick<
  OutsideStatusRow,
  'fingerprint' | 'asked_at' | 'failures' | 'problem' | 'known_at' | 'known_until'
>;

/** What authorities outside say of the root, where one of them signed it, and of those above it. */
export class OutsideStatusRecords {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  list(): Promise<OutsideStatusRow[]> {
    return this.#queries.all<OutsideStatusRow>(
      `SELECT fingerprint, revoked_at, revocation_reason, said_at, asked_at, failures, problem, known_at, known_until
        FROM outside_statuses ORDER BY fingerprint`,
    );
  }

  async markRevoked(
    fingerprint: string,
    {
      atMs,
      reason,
      saidMs,
    }: { readonly atMs: number; readonly reason: OutsideReason; readonly saidMs: number },
  ): Promise<void> {
    await this.#queries.run(
      `INSERT INTO outside_statuses (fingerprint, revoked_at, revocation_reason, said_at, failures) VALUES (?, ?, ?, ?, 0)
        ON CONFLICT (fingerprint) DO UPDATE SET revoked_at = excluded.revoked_at,
          revocation_reason = excluded.revocation_reason, said_at = excluded.said_at`,
      fingerprint,
      atMs,
      reason,
      saidMs,
    );
  }

  async liftRevocation(fingerprint: string): Promise<void> {
    await this.#queries.run(
      'UPDATE outside_statuses SET revoked_at = NULL, revocation_reason = NULL, said_at = NULL WHERE fingerprint = ?',
      fingerprint,
    );
  }

  async noteAnswer({ fingerprint, asked_at, failures, problem, ...known }: OutsideAnswer): Promise<void> {
    await this.#queries.run(
      `INSERT INTO outside_statuses (fingerprint, asked_at, failures, problem, known_at, known_until)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (fingerprint) DO UPDATE SET asked_at = excluded.asked_at, failures = excluded.failures,
          problem = excluded.problem, known_at = excluded.known_at, known_until = excluded.known_until`,
      fingerprint,
      asked_at,
      failures,
      problem,
      known.known_at,
      known.known_until,
    );
  }
}
