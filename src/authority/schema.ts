import type { Migration } from '../db/index.ts';

/**
 * The authority's tables. Times are milliseconds since 1970; a public key is the SHA-256 of its SubjectPublicKeyInfo;
 * certificates are DER.
 *
 * An identity (role and name) is there from its first certificate on and for ever, so that its name is never given to
 * somebody else. The log refuses to be changed by whoever comes through SQL; who changes the file itself is found by the
 * chain of hashes.
 */
export const authorityMigrations: readonly Migration[] = [
  {
    owner: 'authority',
    version: 1,
    sql: `
      CREATE TABLE authority (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        network TEXT NOT NULL,
        status_address TEXT NOT NULL,
        recovery_recipient TEXT NOT NULL,
        epoch INTEGER NOT NULL CHECK (epoch >= 1),
        crl_number INTEGER NOT NULL CHECK (crl_number >= 0),
        created_at INTEGER NOT NULL
      ) STRICT;

      CREATE TABLE issuers (
        label TEXT PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('root', 'issuing')),
        generation INTEGER NOT NULL,
        public_key BLOB NOT NULL UNIQUE,
        certificate BLOB NOT NULL,
        UNIQUE (kind, generation)
      ) STRICT;

      CREATE TABLE identities (
        id INTEGER PRIMARY KEY,
        role TEXT NOT NULL,
        name TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        UNIQUE (role, name)
      ) STRICT;
      CREATE INDEX identities_by_name ON identities (name);

      CREATE TABLE certificates (
        id INTEGER PRIMARY KEY,
        serial TEXT NOT NULL UNIQUE,
        identity INTEGER NOT NULL REFERENCES identities (id),
        issuer TEXT NOT NULL REFERENCES issuers (label),
        public_key BLOB NOT NULL,
        not_after INTEGER NOT NULL,
        issued_at INTEGER NOT NULL,
        revoked_at INTEGER,
        revocation_reason TEXT,
        certificate BLOB NOT NULL
      ) STRICT;
      CREATE INDEX certificates_by_public_key ON certificates (public_key);
      CREATE INDEX certificates_by_identity ON certificates (identity);
      CREATE INDEX certificates_by_end ON certificates (not_after);

      CREATE TABLE join_codes (
        id INTEGER PRIMARY KEY,
        secret_hash BLOB NOT NULL UNIQUE,
        role TEXT NOT NULL,
        name TEXT NOT NULL,
        names TEXT NOT NULL,
        reissue INTEGER NOT NULL CHECK (reissue IN (0, 1)),
        max_uses INTEGER NOT NULL CHECK (max_uses >= 1),
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX join_codes_by_end ON join_codes (expires_at);

      CREATE TABLE join_code_uses (
        join_code INTEGER NOT NULL REFERENCES join_codes (id),
        public_key BLOB NOT NULL,
        certificate INTEGER NOT NULL REFERENCES certificates (id),
        PRIMARY KEY (join_code, public_key)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE escrows (
        identity INTEGER NOT NULL REFERENCES identities (id),
        repository TEXT NOT NULL,
        sealed BLOB NOT NULL,
        stored_at INTEGER NOT NULL,
        PRIMARY KEY (identity, repository)
      ) STRICT;

      CREATE TABLE log (
        sequence INTEGER PRIMARY KEY,
        record TEXT NOT NULL
      ) STRICT;
      CREATE TRIGGER log_is_not_updated BEFORE UPDATE ON log BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;
      CREATE TRIGGER log_is_not_deleted BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;
    `,
  },
  {
    // A sealed password is never replaced.
    owner: 'authority',
    version: 2,
    sql: `
      CREATE TABLE all_escrows (
        id INTEGER PRIMARY KEY,
        identity INTEGER NOT NULL REFERENCES identities (id),
        repository TEXT NOT NULL,
        sealed BLOB NOT NULL,
        stored_at INTEGER NOT NULL
      ) STRICT;
      INSERT INTO all_escrows (identity, repository, sealed, stored_at)
        SELECT identity, repository, sealed, stored_at FROM escrows;
      DROP TABLE escrows;
      ALTER TABLE all_escrows RENAME TO escrows;
      CREATE INDEX escrows_by_identity ON escrows (identity, repository);
    `,
  },
];
