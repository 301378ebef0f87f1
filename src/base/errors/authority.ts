import type { ErrorRow } from './error-row.ts';

/** The authority. */
export const authorityErrors = {
  authority_damaged: {
    happened: 'database, log and keystore do not agree; where is named',
    next: 'keep this home as it is, and restore the latest copy of it',
  },
  authority_superseded: {
    happened: 'a client was shown newer records: this is an older copy',
    next: 'this is an older copy of the authority: use the newer one',
    status: 503,
  },
  checkpoint_invalid: {
    happened: 'a checkpoint is not signed by the authority',
    next: 'find out who answers at that address; nothing was told to it',
  },
  authority_restored: {
    happened:
      'this authority was restored from a backup and was not told yet what was issued and revoked since',
    next: 'holdfast ca restore --help says how the log comes back from a mirror, or is given up',
    status: 503,
  },
  authority_retired: {
    happened: 'this authority was moved to another machine',
    next: 'use the authority on the machine it was moved to',
    status: 503,
  },
  clock_wrong: {
    happened:
      'the clock is behind the last record, has jumped ahead, or is not that of a server; both times are shown',
    next: 'set the clock; when it is right: holdfast ca clock accept --reason TEXT',
    status: 503,
  },
  root_offline: {
    happened: 'the key of the root is not here, and what was asked needs it',
    next: 'holdfast ca online FILE brings the key of the root back',
    status: 503,
  },
  root_unfit: {
    happened: 'a certificate cannot be the root of an authority; everything that stands against it is named',
    next: 'have it issued anew without that, or begin with a root of its own: holdfast init',
  },
  root_revoked: {
    happened:
      'an authority outside has revoked the root, or one above it, or put it on hold: nothing is issued until there is another certificate',
    next: 'holdfast ca request --out FILE asks for another certificate, and holdfast ca complete FILE puts it in; not where its key is compromised',
    status: 503,
  },
  root_unproven: {
    happened:
      'the policy asks that the root is known not to be revoked by the authority outside that signed it, and that is not known',
    next: 'holdfast ca show says what could not be had; holdfast policy set outsideRevocation soft goes on without',
    status: 503,
  },
  authority_waiting: {
    happened: 'the authority of this home waits for its certificate, which an outside root has to sign',
    next: 'holdfast ca complete FILE installs the certificate; holdfast ca request --out FILE writes the request again',
  },
  issuer_ending: {
    happened: 'the issuing certificate ends within a day',
    next: 'holdfast ca show says when each certificate ends; a new issuing one needs the root: holdfast ca online FILE',
    status: 503,
  },
  issuer_revoked: {
    happened:
      'the root has revoked the issuing certificate that a certificate comes from, or that the authority would issue with',
    next: 'holdfast cert renew, when it is the certificate of this machine; when it is that of a server, somebody may stand in between',
    kind: 'certificate',
    status: 403,
    toldAtGate: true,
  },
  already_revoked: {
    happened: 'the certificate or node is revoked already',
    next: 'nothing is left to do; holdfast cert show SERIAL says when it was revoked',
    status: 409,
  },
  recovery_kit_malformed: {
    happened: 'a file is no recovery kit, or not all of one',
    next: 'name the file that init wrote as recovery-kit.txt, or a copy of all of it',
  },
  recovery_kit_foreign: {
    happened: 'a recovery kit is of another network',
    next: 'use the kit of this very network; it says on it which one it is of',
    kind: 'wrongKey',
  },
  escrow_missing: {
    happened: 'no key that the kit opens was left for this repository',
    next: 'a repository can also be opened by its password: --repo URL --password-file FILE',
    kind: 'wrongKey',
  },
  escrow_unproven: {
    happened:
      'the sealed password that the server hands out is not the one this machine is known to have left',
    next: 'find out who has the server; holdfast recover --help says how what was left is proven, or taken without proof',
    kind: 'refused',
  },
  password_wrong: {
    happened: 'the password does not open the file',
    next: 'use the password the file was made with',
    kind: 'wrongKey',
  },
  password_missing: {
    happened: "a passphrase opens the authority's keystore, and none was given",
    next: 'name a file that holds it: --keystore-password-file FILE, or authority.keystore_passphrase_file in holdfast.toml',
    kind: 'wrongKey',
  },
  backup_damaged: {
    happened: 'a backup of the authority is cut short or altered',
    next: 'use another backup; nothing was changed',
  },
  backup_foreign: {
    happened: 'a file is no backup of an authority, or of another network than was said',
    next: 'name the right file; nothing was changed',
  },
} as const satisfies Record<string, ErrorRow>;

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
