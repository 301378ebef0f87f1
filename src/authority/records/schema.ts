import type { Migration } from '../../db/index.ts';
import { postgresSchema } from './schema-postgres.ts';

/**
 * The authority's tables. Times are milliseconds since 1970; a public key is the SHA-256 of its SubjectPublicKeyInfo;
 * certificates are DER.
 *
 * An identity (role and name) is there from its first certificate on and for ever, so that its name is never given to
 * somebody else. The log refuses to be changed by whoever comes through SQL; who changes the file itself is found by the
 * chain of hashes.
 *
 * PostgreSQL begins with the ninth step, which says there all that the ones before it say too.
 */
export const authorityMigrations: readonly Migration[] = [
  {
    owner: 'authority',
    version: 1,
    sqlite: `
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
    postgres: '',
  },
  {
    // A sealed password is never replaced.
    owner: 'authority',
    version: 2,
    sqlite: `
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
    postgres: '',
  },
  {
    // What running for twenty years needs: standing and clock, requests, revocation lists, mirrors, backups.
    owner: 'authority',
    version: 3,
    sqlite: `
      ALTER TABLE authority ADD COLUMN standing TEXT NOT NULL DEFAULT 'ready'
        CHECK (standing IN ('ready', 'restored', 'superseded', 'retired'));
      -- Restored from keys alone: certificates that began before this are trusted without being on record.
      ALTER TABLE authority ADD COLUMN trusts_before INTEGER;
      -- A moment by the clock and by the time since this boot, to see jumps of the clock by.
      ALTER TABLE authority ADD COLUMN clock_boot TEXT;
      ALTER TABLE authority ADD COLUMN clock_uptime INTEGER;
      ALTER TABLE authority ADD COLUMN clock_wall INTEGER;

      -- Where the key of a root was taken to, and when; null while it is in the keystore.
      ALTER TABLE issuers ADD COLUMN key_file TEXT;
      ALTER TABLE issuers ADD COLUMN key_moved_at INTEGER;

      CREATE TABLE policy (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        value TEXT NOT NULL
      ) STRICT;

      -- An identity that was ended: no renewal, no join code but one for a reissue.
      ALTER TABLE identities ADD COLUMN revoked_at INTEGER;
      -- When the last certificate of an identity ends that was not revoked: for counting who there is, and who is next.
      ALTER TABLE identities ADD COLUMN live_until INTEGER;
      UPDATE identities SET live_until = (SELECT max(c.not_after) FROM certificates c
        WHERE c.identity = identities.id AND c.revoked_at IS NULL);
      CREATE INDEX identities_by_end ON identities (live_until, role);
      CREATE TRIGGER identities_live_shorter AFTER UPDATE OF revoked_at ON certificates
        BEGIN UPDATE identities SET live_until = (SELECT max(c.not_after) FROM certificates c
          WHERE c.identity = NEW.identity AND c.revoked_at IS NULL) WHERE id = NEW.identity; END;
      ALTER TABLE join_codes ADD COLUMN revoked_at INTEGER;
      -- Counted along, since a code may have a hundred thousand.
      ALTER TABLE join_codes ADD COLUMN uses INTEGER NOT NULL DEFAULT 0;
      UPDATE join_codes SET uses = (SELECT count(*) FROM join_code_uses u WHERE u.join_code = join_codes.id);

      -- All that a revocation list says, so that it is made from this index alone.
      CREATE INDEX certificates_revoked ON certificates (issuer, not_after, serial, revoked_at, revocation_reason)
        WHERE revoked_at IS NOT NULL;
      -- How many revocations there were of each issuer; its list knows how many of them it has.
      ALTER TABLE issuers ADD COLUMN revocations INTEGER NOT NULL DEFAULT 0;
      CREATE TRIGGER revocations_are_counted AFTER UPDATE OF revoked_at ON certificates
        WHEN NEW.revoked_at IS NOT NULL
        BEGIN UPDATE issuers SET revocations = revocations + 1 WHERE label = NEW.issuer; END;
      CREATE TABLE certificate_names (
        name TEXT NOT NULL,
        certificate INTEGER NOT NULL REFERENCES certificates (id),
        PRIMARY KEY (name, certificate)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE crls (
        issuer TEXT PRIMARY KEY REFERENCES issuers (label),
        number INTEGER NOT NULL,
        this_update INTEGER NOT NULL,
        next_update INTEGER NOT NULL,
        revocations INTEGER NOT NULL,
        crl BLOB NOT NULL
      ) STRICT;
      CREATE TABLE ocsp_signers (
        label TEXT PRIMARY KEY,
        issuer TEXT NOT NULL REFERENCES issuers (label),
        not_after INTEGER NOT NULL,
        certificate BLOB NOT NULL
      ) STRICT;

      CREATE TABLE requests (
        id INTEGER PRIMARY KEY,
        handle_hash BLOB NOT NULL UNIQUE,
        kind TEXT NOT NULL CHECK (kind IN ('new', 'renewal', 'late renewal')),
        role TEXT NOT NULL,
        name TEXT NOT NULL,
        public_key BLOB NOT NULL,
        request BLOB NOT NULL,
        -- The serial number of the certificate that it renews.
        renews TEXT,
        asked_by TEXT NOT NULL,
        asked_from TEXT NOT NULL,
        asked_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'denied', 'expired')),
        decided_by TEXT,
        decided_at INTEGER,
        reason TEXT,
        certificate INTEGER REFERENCES certificates (id)
      ) STRICT;
      CREATE INDEX requests_by_state ON requests (state, expires_at);

      -- How far each mirror of the log is known to hold it.
      CREATE TABLE mirrors (
        name TEXT PRIMARY KEY,
        epoch INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        written_at INTEGER NOT NULL
      ) STRICT;
      CREATE TABLE backups (
        id INTEGER PRIMARY KEY,
        place TEXT NOT NULL,
        name TEXT NOT NULL,
        made_at INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        sequence INTEGER NOT NULL,
        holds_root INTEGER NOT NULL CHECK (holds_root IN (0, 1)),
        rehearsed_at INTEGER
      ) STRICT;

      -- Outside roots, each for the host names that clients are to believe it.
      CREATE TABLE server_roots (
        host TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        certificate BLOB NOT NULL,
        PRIMARY KEY (host, fingerprint)
      ) STRICT;
    `,
    postgres: '',
  },
  {
    // A use is found by its certificate, which is found by its key: a second index of keys would be a fifth of what a
    // certificate writes.
    owner: 'authority',
    version: 4,
    sqlite: `
      CREATE TABLE uses_of_join_codes (
        certificate INTEGER PRIMARY KEY REFERENCES certificates (id),
        join_code INTEGER NOT NULL REFERENCES join_codes (id)
      ) STRICT;
      INSERT INTO uses_of_join_codes (certificate, join_code) SELECT certificate, join_code FROM join_code_uses;
      DROP TABLE join_code_uses;
      ALTER TABLE uses_of_join_codes RENAME TO join_code_uses;
    `,
    postgres: '',
  },
  {
    // An issuing certificate that the root has revoked, for ever; what it issued can be renewed at most.
    owner: 'authority',
    version: 5,
    sqlite: `
      ALTER TABLE issuers ADD COLUMN revoked_at INTEGER;
      ALTER TABLE issuers ADD COLUMN revocation_reason TEXT;
    `,
    postgres: '',
  },
  {
    // Which store the repositories are in. One that may have some from before stores were marked gets no new one unasked.
    owner: 'authority',
    version: 6,
    sqlite: `
      ALTER TABLE authority ADD COLUMN store TEXT;
      UPDATE authority SET store = 'unmarked' WHERE EXISTS (SELECT 1 FROM identities WHERE role = 'client')
        OR EXISTS (SELECT 1 FROM escrows);
    `,
    postgres: '',
  },
  {
    // Whether the keys of an identity are made beside the authority, for copies of its files: as it was issued last.
    owner: 'authority',
    version: 7,
    sqlite: `
      ALTER TABLE identities ADD COLUMN with_key INTEGER NOT NULL DEFAULT 0 CHECK (with_key IN (0, 1));
      UPDATE identities SET with_key = 1 WHERE role || '/' || name IN (
        SELECT identity FROM (
          SELECT record ->> '$.details.identity' AS identity, record ->> '$.details.withKey' AS with_key, max(sequence)
            FROM log WHERE iif(json_valid(record), record ->> '$.kind', '') = 'issued' GROUP BY 1)
          WHERE with_key = 1);
    `,
    postgres: '',
  },
  {
    // What a rehearsal found wrong, until one that looked as closely finds nothing.
    owner: 'authority',
    version: 8,
    sqlite: `
      ALTER TABLE backups ADD COLUMN problem TEXT;
      ALTER TABLE backups ADD COLUMN problem_at INTEGER;
      ALTER TABLE backups ADD COLUMN problem_depth TEXT;
    `,
    postgres: '',
  },
  {
    // The same of a mirror, until it is begun anew.
    owner: 'authority',
    version: 9,
    sqlite: `
      ALTER TABLE mirrors ADD COLUMN problem TEXT;
      ALTER TABLE mirrors ADD COLUMN problem_at INTEGER;
    `,
    postgres: postgresSchema,
  },
  {
    // What a root had issued before it was adopted, and who stands above it. No number comes twice of one issuer.
    owner: 'authority',
    version: 10,
    sqlite: `
      CREATE TABLE imported_certificates (
        id INTEGER PRIMARY KEY,
        issuer TEXT NOT NULL REFERENCES issuers (label),
        serial TEXT NOT NULL UNIQUE,
        subject TEXT,
        not_after INTEGER,
        revoked_at INTEGER,
        revocation_reason TEXT,
        certificate BLOB
      ) STRICT;
      CREATE INDEX imported_certificates_revoked ON imported_certificates (issuer, id) WHERE revoked_at IS NOT NULL;
      CREATE TABLE outside_certificates (
        fingerprint TEXT PRIMARY KEY,
        certificate BLOB NOT NULL
      ) STRICT;
    `,
    postgres: `
      CREATE TABLE imported_certificates (
        id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
        issuer words NOT NULL REFERENCES issuers (label),
        serial words NOT NULL UNIQUE,
        subject words,
        not_after moment,
        revoked_at moment,
        revocation_reason words,
        certificate bytea
      );
      CREATE INDEX imported_certificates_revoked ON imported_certificates (issuer, id) WHERE revoked_at IS NOT NULL;
      CREATE TABLE outside_certificates (
        fingerprint words PRIMARY KEY,
        certificate bytea NOT NULL
      );
    `,
  },
  {
    // What stands for an identity where no certificate is asked for.
    owner: 'authority',
    version: 11,
    sqlite: `
      CREATE TABLE bearer_tokens (
        id INTEGER PRIMARY KEY,
        secret_hash BLOB NOT NULL UNIQUE,
        role TEXT NOT NULL,
        name TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        revoked_at INTEGER
      ) STRICT;
      CREATE INDEX bearer_tokens_of ON bearer_tokens (role, name);
    `,
    postgres: `
      CREATE TABLE bearer_tokens (
        id bigint PRIMARY KEY,
        secret_hash bytea NOT NULL UNIQUE,
        role words NOT NULL,
        name words NOT NULL,
        created_at moment NOT NULL,
        expires_at moment NOT NULL,
        revoked_at moment
      );
      CREATE INDEX bearer_tokens_of ON bearer_tokens (role, name);
    `,
  },
  {
    // Who came last, how, and by what; no decision, so that the log has nothing of it. A row of nobody is an address.
    owner: 'authority',
    version: 12,
    sqlite: `
      CREATE TABLE sightings (
        role TEXT NOT NULL,
        name TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('tls', 'plain')),
        service TEXT NOT NULL,
        seen_at INTEGER NOT NULL,
        address TEXT NOT NULL,
        listener TEXT NOT NULL,
        protocol TEXT,
        cipher TEXT,
        key_group TEXT,
        named_by TEXT,
        serial TEXT,
        not_after INTEGER,
        software TEXT,
        weaker TEXT,
        snapshot_at INTEGER,
        PRIMARY KEY (role, name, kind, service)
      ) STRICT, WITHOUT ROWID;
    `,
    postgres: `
      CREATE TABLE sightings (
        role words NOT NULL,
        name words NOT NULL,
        kind words NOT NULL CHECK (kind IN ('tls', 'plain')),
        service words NOT NULL,
        seen_at moment NOT NULL,
        address words NOT NULL,
        listener words NOT NULL,
        protocol words,
        cipher words,
        key_group words,
        named_by words,
        serial words,
        not_after moment,
        software words,
        weaker words,
        snapshot_at moment,
        PRIMARY KEY (role, name, kind, service)
      );
    `,
  },
  {
    // What authorities outside say of the root and of those above it.
    owner: 'authority',
    version: 13,
    sqlite: `
      CREATE TABLE outside_statuses (
        fingerprint TEXT PRIMARY KEY,
        revoked_at INTEGER,
        revocation_reason TEXT,
        said_at INTEGER,
        asked_at INTEGER,
        failures INTEGER NOT NULL,
        problem TEXT,
        known_at INTEGER,
        known_until INTEGER
      ) STRICT;
    `,
    postgres: `
      CREATE TABLE outside_statuses (
        fingerprint words PRIMARY KEY,
        revoked_at moment,
        revocation_reason words,
        said_at moment,
        asked_at moment,
        failures bigint NOT NULL,
        problem words,
        known_at moment,
        known_until moment
      );
    `,
  },
  {
    // What is decided of single clients.
    owner: 'authority',
    version: 14,
    sqlite: `
      CREATE TABLE client_bounds (
        name TEXT PRIMARY KEY,
        may_prune INTEGER NOT NULL CHECK (may_prune IN (0, 1)),
        quota_bytes INTEGER,
        quarantined_at INTEGER
      ) STRICT, WITHOUT ROWID;
    `,
    postgres: `
      CREATE TABLE client_bounds (
        name words PRIMARY KEY,
        may_prune flag NOT NULL,
        quota_bytes bigint,
        quarantined_at moment
      );
    `,
  },
  {
    // What clients store and do, day by day, and what of it should be looked at. No decision but the alarms, which the log has.
    owner: 'authority',
    version: 15,
    sqlite: `
      CREATE TABLE client_usage (
        name TEXT PRIMARY KEY,
        bytes INTEGER NOT NULL,
        trash_bytes INTEGER NOT NULL,
        counted_at INTEGER
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE client_days (
        name TEXT NOT NULL,
        day INTEGER NOT NULL,
        snapshots INTEGER NOT NULL,
        keys INTEGER NOT NULL,
        added_bytes INTEGER NOT NULL,
        removed_snapshots INTEGER NOT NULL,
        removed_objects INTEGER NOT NULL,
        removed_bytes INTEGER NOT NULL,
        refused INTEGER NOT NULL,
        PRIMARY KEY (name, day)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX client_days_by_day ON client_days (day);
      CREATE TABLE client_alarms (
        name TEXT NOT NULL,
        alarm TEXT NOT NULL,
        since INTEGER NOT NULL,
        detail TEXT NOT NULL,
        PRIMARY KEY (name, alarm)
      ) STRICT, WITHOUT ROWID;
    `,
    postgres: `
      CREATE TABLE client_usage (
        name words PRIMARY KEY,
        bytes bigint NOT NULL,
        trash_bytes bigint NOT NULL,
        counted_at moment
      );
      CREATE TABLE client_days (
        name words NOT NULL,
        day moment NOT NULL,
        snapshots bigint NOT NULL,
        keys bigint NOT NULL,
        added_bytes bigint NOT NULL,
        removed_snapshots bigint NOT NULL,
        removed_objects bigint NOT NULL,
        removed_bytes bigint NOT NULL,
        refused bigint NOT NULL,
        PRIMARY KEY (name, day)
      );
      CREATE INDEX client_days_by_day ON client_days (day);
      CREATE TABLE client_alarms (
        name words NOT NULL,
        alarm words NOT NULL,
        since moment NOT NULL,
        detail words NOT NULL,
        PRIMARY KEY (name, alarm)
      );
    `,
  },
  {
    // What clients say of their backup sets: the last word of each, and no decision.
    owner: 'authority',
    version: 16,
    sqlite: `
      CREATE TABLE node_reports (
        name TEXT PRIMARY KEY,
        received_at INTEGER NOT NULL,
        report TEXT NOT NULL,
        arrivals TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
    `,
    postgres: `
      CREATE TABLE node_reports (
        name words PRIMARY KEY,
        received_at moment NOT NULL,
        report words NOT NULL,
        arrivals words NOT NULL
      );
    `,
  },
  {
    // What clients were told to do, and what came of it. The log has all of it but that a client has begun.
    owner: 'authority',
    version: 17,
    sqlite: `
      CREATE TABLE jobs (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        job_order TEXT NOT NULL,
        created_by TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        begun_at INTEGER,
        stopped_by TEXT,
        stopped_at INTEGER,
        ended_at INTEGER,
        outcome TEXT
      ) STRICT;
      CREATE INDEX jobs_by_name ON jobs (name, ended_at);
    `,
    postgres: `
      CREATE TABLE jobs (
        id bigint PRIMARY KEY,
        name words NOT NULL,
        job_order words NOT NULL,
        created_by words NOT NULL,
        created_at moment NOT NULL,
        expires_at moment NOT NULL,
        begun_at moment,
        stopped_by words,
        stopped_at moment,
        ended_at moment,
        outcome words
      );
      CREATE INDEX jobs_by_name ON jobs (name, ended_at);
    `,
  },
  {
    // Jobs that were begun and are not over.
    owner: 'authority',
    version: 18,
    sqlite: 'CREATE INDEX jobs_under_way ON jobs (begun_at) WHERE ended_at IS NULL;',
    postgres: 'CREATE INDEX jobs_under_way ON jobs (begun_at) WHERE ended_at IS NULL;',
  },
  {
    // Backup sets that are sent to clients.
    owner: 'authority',
    version: 19,
    sqlite: `
      CREATE TABLE sent_sets (
        name TEXT PRIMARY KEY,
        id TEXT NOT NULL,
        nodes TEXT,
        choices TEXT NOT NULL,
        sent_by TEXT NOT NULL,
        sent_at INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
    `,
    postgres: `
      CREATE TABLE sent_sets (
        name words PRIMARY KEY,
        id words NOT NULL,
        nodes words,
        choices words NOT NULL,
        sent_by words NOT NULL,
        sent_at moment NOT NULL
      );
    `,
  },
  {
    // Jobs that are started again and again.
    owner: 'authority',
    version: 20,
    sqlite: `
      CREATE TABLE schedules (
        name TEXT PRIMARY KEY,
        job_order TEXT NOT NULL,
        nodes TEXT,
        every TEXT NOT NULL,
        zone TEXT NOT NULL,
        lifetime INTEGER NOT NULL,
        added_by TEXT NOT NULL,
        added_at INTEGER NOT NULL,
        last_at INTEGER
      ) STRICT, WITHOUT ROWID;
    `,
    postgres: `
      CREATE TABLE schedules (
        name words PRIMARY KEY,
        job_order words NOT NULL,
        nodes words,
        every words NOT NULL,
        zone words NOT NULL,
        lifetime bigint NOT NULL,
        added_by words NOT NULL,
        added_at moment NOT NULL,
        last_at moment
      );
    `,
  },
  {
    // Who may read what of whom, and what was sealed for that. The log has the first, and of the second that it was.
    owner: 'authority',
    version: 21,
    sqlite: `
      CREATE TABLE grants (
        id INTEGER PRIMARY KEY,
        from_name TEXT NOT NULL,
        to_name TEXT NOT NULL,
        path TEXT,
        repository TEXT,
        snapshots TEXT NOT NULL,
        job INTEGER,
        created_by TEXT NOT NULL,
        created_at INTEGER NOT NULL,
        expires_at INTEGER NOT NULL,
        certificate TEXT,
        sealed_at INTEGER,
        revoked_by TEXT,
        revoked_at INTEGER,
        cleared_at INTEGER
      ) STRICT;
      CREATE INDEX grants_by_names ON grants (from_name, to_name);
      CREATE INDEX grants_by_receiver ON grants (to_name);
      CREATE INDEX grants_kept ON grants (expires_at) WHERE cleared_at IS NULL;
      CREATE TABLE grant_seals (
        id INTEGER PRIMARY KEY,
        sealed BLOB NOT NULL
      ) STRICT;
    `,
    postgres: `
      CREATE TABLE grants (
        id bigint PRIMARY KEY,
        from_name words NOT NULL,
        to_name words NOT NULL,
        path words,
        repository words,
        snapshots words NOT NULL,
        job bigint,
        created_by words NOT NULL,
        created_at moment NOT NULL,
        expires_at moment NOT NULL,
        certificate words,
        sealed_at moment,
        revoked_by words,
        revoked_at moment,
        cleared_at moment
      );
      CREATE INDEX grants_by_names ON grants (from_name, to_name);
      CREATE INDEX grants_by_receiver ON grants (to_name);
      CREATE INDEX grants_kept ON grants (expires_at) WHERE cleared_at IS NULL;
      CREATE TABLE grant_seals (
        id bigint PRIMARY KEY,
        sealed bytea NOT NULL
      );
    `,
  },
  {
    // What storage nodes say of themselves. The log has nothing of it.
    owner: 'authority',
    version: 22,
    sqlite: `
      CREATE TABLE storage_reports (
        name TEXT PRIMARY KEY,
        received_at INTEGER NOT NULL,
        report TEXT NOT NULL
      ) STRICT;
    `,
    postgres: `
      CREATE TABLE storage_reports (
        name words PRIMARY KEY,
        received_at moment NOT NULL,
        report words NOT NULL
      );
    `,
  },
  {
    // Which nodes have copies of what others store.
    owner: 'authority',
    version: 23,
    sqlite: `
      CREATE TABLE replications (
        from_name TEXT PRIMARY KEY,
        to_names TEXT NOT NULL,
        keep INTEGER NOT NULL,
        remove_after INTEGER NOT NULL,
        rate TEXT,
        zone TEXT NOT NULL,
        added_by TEXT NOT NULL,
        added_at INTEGER NOT NULL
      ) STRICT;
    `,
    postgres: `
      CREATE TABLE replications (
        from_name words PRIMARY KEY,
        to_names words NOT NULL,
        keep bigint NOT NULL,
        remove_after bigint NOT NULL,
        rate words,
        zone words NOT NULL,
        added_by words NOT NULL,
        added_at moment NOT NULL
      );
    `,
  },
];
