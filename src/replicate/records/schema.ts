import type { Migration } from '../../db/index.ts';

/** What one machine knows of its copies and of its own store. It can be lost: what is known again is looked up again. */
export const replicateSchema: Migration = {
  owner: 'replicate',
  version: 1,
  sqlite: `
    CREATE TABLE copies (
      copy TEXT PRIMARY KEY,
      looked_at INTEGER NOT NULL,
      whole_at INTEGER,
      lag_objects INTEGER NOT NULL,
      lag_bytes INTEGER NOT NULL,
      lag_since INTEGER,
      damaged INTEGER NOT NULL,
      unequal INTEGER NOT NULL,
      problem TEXT,
      problem_since INTEGER,
      halt TEXT NOT NULL
    ) STRICT;
    CREATE TABLE absences (
      copy TEXT NOT NULL,
      type TEXT NOT NULL,
      name TEXT NOT NULL,
      since INTEGER NOT NULL,
      PRIMARY KEY (copy, type, name)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE scrub (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      began_at INTEGER NOT NULL,
      repository TEXT NOT NULL,
      type TEXT NOT NULL,
      name TEXT NOT NULL,
      objects INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      damaged INTEGER NOT NULL,
      ended_at INTEGER,
      last_began_at INTEGER,
      last_ended_at INTEGER,
      last_objects INTEGER,
      last_bytes INTEGER
    ) STRICT;
    CREATE TABLE damages (
      repository TEXT NOT NULL,
      type TEXT NOT NULL,
      name TEXT NOT NULL,
      size INTEGER NOT NULL,
      arrived_at INTEGER,
      found_at INTEGER NOT NULL,
      healed_at INTEGER,
      healed_by TEXT,
      PRIMARY KEY (repository, type, name)
    ) STRICT, WITHOUT ROWID;
  `,
  postgres: '',
};
