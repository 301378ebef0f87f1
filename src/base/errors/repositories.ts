import type { ErrorRow } from './error-row.ts';

/** Repositories. */
export const repositoriesErrors = {
  repository_missing: {
    happened: 'there is none',
    next: 'holdfast backup PATH makes this machine its own; --init makes one at --repo',
    kind: 'repositoryMissing',
    status: 404,
  },
  repository_gone: {
    happened:
      'this machine backed up to a repository there, and none is there now; which one, and when last, is said',
    next: 'holdfast status at its server says whether its disk is there; holdfast backup --start-over PATH begins another one',
    kind: 'repositoryMissing',
  },
  repository_exists: {
    happened: 'there is one already',
    next: 'use it: leave --init away',
  },
  repository_same: {
    happened: 'snapshots were to be copied from a repository into itself, or into a copy of its files',
    next: 'name another one: holdfast copy --repo PLACE, or --from-repo PLACE',
    kind: 'usage',
  },
  repository_locked: {
    happened: 'another process holds it; host and process are named',
    next: 'wait until the other process is done',
    kind: 'repositoryLocked',
  },
  repository_wrong_key: {
    happened: 'password or key do not open it',
    next: 'name a file with its password: --password-file FILE',
    kind: 'wrongKey',
  },
  key_missing: {
    happened: 'no key of the repository has this id',
    next: 'holdfast key list shows them',
  },
  key_ambiguous: {
    happened: 'several keys of the repository begin so',
    next: 'give more digits of its id: holdfast key list shows them',
  },
  key_needed: {
    happened: 'somebody could not open the repository any more without the key that is to be removed',
    next: 'holdfast key passwd puts another in the place of the one in use; holdfast key add adds one first',
    kind: 'refused',
  },
  repository_damaged: {
    happened: 'a file in it is damaged; it is named',
    next: 'holdfast check --read-data names what is damaged; restore brings back the rest',
  },
  repository_unsupported: {
    happened: 'a version that is not known',
    next: 'install a newer Holdfast',
  },
  snapshot_not_found: {
    happened: 'no snapshot of this name',
    next: 'holdfast snapshots lists them',
  },
  snapshot_ambiguous: {
    happened: 'several begin so',
    next: 'give more digits of its id',
  },
  last_snapshot: {
    happened: 'no snapshot of a group would be left',
    next: 'keep one of them, or say --unsafe-allow-remove-all',
  },
  snapshot_times_differ: {
    happened: 'snapshots that would go arrived long after they say they were made',
    next: 'look at both times: holdfast snapshots --json; then say --judge-by arrival, or --judge-by time where the repository was copied',
  },
  target_not_empty: {
    happened: 'the target of a restore holds files',
    next: 'restore to another folder, or say --overwrite',
  },
  restore_incomplete: {
    happened: 'some files could not be brought back; each is named',
    next: 'holdfast check --read-data names what is damaged; restore brings back the rest',
  },
  verify_failed: {
    happened: 'a backup is not as the disk',
    next: 'holdfast check --read-data names what is damaged; restore brings back the rest',
  },
  object_not_found: {
    happened: 'a stored file is not there',
    next: 'holdfast check --read-data names what is damaged; restore brings back the rest',
    status: 404,
  },
  object_exists: {
    happened: 'something else is stored under this name',
    next: 'nothing was changed; holdfast check shows whether all is well',
    status: 403,
  },
  object_corrupt: {
    happened: 'bytes are not what their name says',
    next: 'holdfast check --read-data names what is damaged; restore brings back the rest',
    status: 400,
  },
  object_name_invalid: {
    happened: 'not the name of a stored file',
    next: 'the log of the server says more: holdfast serve --verbose',
    status: 404,
  },
  range_not_satisfiable: {
    happened: 'a part past the end was asked for',
    next: 'holdfast check --read-data names what is damaged; restore brings back the rest',
    status: 416,
  },
  storage_full: {
    happened: 'no space left where repositories are',
    next: 'make room on the disk that is full (where repositories are kept, or the target), then run it again',
    status: 507,
  },
  retention_locked: {
    happened:
      'a snapshot that came within the retention lock of the network is to be removed; the log of the server says until when it stays',
    next: 'it can be forgotten when its time is over; at the server holdfast policy show says how long that is',
    kind: 'refused',
    status: 403,
  },
  quota_exceeded: {
    happened: 'a client has stored as much as it may',
    next: 'make room by removing what is not needed; or give it more, at the server: holdfast node set NAME quota 500GB',
    kind: 'refused',
    status: 507,
  },
  trash_exceeded: {
    happened:
      'as much of a client rests in the trash as it may store at all, so that nothing more of it is removed',
    next: 'what rests goes by itself, as holdfast trash list at the server says; or empty it there',
    kind: 'refused',
    status: 507,
  },
  store_missing: {
    happened:
      "the server's disk with the repositories is not mounted, or another one lies in its place; everything else goes on",
    next: 'at the server: holdfast status says what is missing; once its disk is mounted, run this again; where it is lost for good, holdfast store accept --reason TEXT',
    status: 503,
  },
  source_lost: {
    happened: 'a repository that is copied is not at its source any more; its copies stay as they are',
    next: 'bring the source back, as by mounting its disk; its copies can be restored from meanwhile',
  },
  source_changing: {
    happened: 'a repository that is copied was pruned again and again meanwhile; its copy is as it was',
    next: 'nothing: it is copied when it rests',
  },
  replication_exists: {
    happened: 'what the node stores is copied to others already',
    next: 'holdfast replicate list shows to which; holdfast replicate remove NODE, then add it again: copies that are there are used again',
    kind: 'usage',
    status: 409,
  },
  replica_foreign: {
    happened:
      'another repository lies where a copy should be made, as after its client began anew; both stay',
    next: 'move the older copy away at the node that keeps it, or have the new repository copied to another node',
    kind: 'refused',
  },
  storage_failed: {
    happened: 'the disk or server failed; its log says why',
    next: 'the log of the server says more: holdfast serve --verbose',
  },
} as const satisfies Record<string, ErrorRow>;
