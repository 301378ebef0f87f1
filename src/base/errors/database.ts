import type { ErrorRow } from './error-row.ts';

/** The database. */
export const databaseErrors = {
  database_damaged: {
    happened: 'SQLite or PostgreSQL cannot read it',
    next: 'keep this home as it is, and restore the latest copy of it',
  },
  database_busy: {
    happened: 'another process holds it',
    next: 'wait until the other process is done, or end it',
  },
  database_newer: {
    happened: 'a newer Holdfast wrote it',
    next: 'install the newer Holdfast that wrote it',
  },
  database_unreachable: {
    happened:
      'PostgreSQL does not answer, or the line to it was cut; where a change may be on record all the same, it is said',
    next: 'see that PostgreSQL runs there and can be reached; then do it again',
    kind: 'connection',
    status: 503,
  },
  database_in_use: {
    happened: 'another server works on this database; which one is said',
    next: 'stop the other server: one at a time works on a database',
  },
  database_refused: {
    happened:
      'PostgreSQL refuses the user or the database, or would not keep what it acknowledges; which is said',
    next: 'correct the URL, the user or the database: the message says which',
  },
} as const satisfies Record<string, ErrorRow>;
