import type { ErrorRow } from './error-row.ts';

/** Backup sets and the agent. */
export const setsErrors = {
  schedule_invalid: {
    happened: 'not a schedule, or a time zone that nobody knows',
    next: 'holdfast set add --help shows what --every takes',
    kind: 'usage',
  },
  schedule_never: {
    happened: 'no day is ever as a schedule says, such as 30 February',
    next: 'name a day that comes: holdfast set add --help shows how',
    kind: 'usage',
  },
  set_unknown: {
    happened: 'this machine has no backup set of that name',
    next: 'holdfast set list shows those that it has',
    kind: 'usage',
  },
  set_exists: {
    happened: 'there is a backup set of that name already',
    next: 'choose another name, or put this one in its place: --replace',
    kind: 'usage',
  },
  set_invalid: {
    happened: 'a backup set would save the home or the store, or has a name that none can have',
    next: 'name other folders, or another name: holdfast set add --help',
    kind: 'usage',
  },
  set_running: {
    happened: 'another process runs the set; its process id is named',
    next: 'wait until that run has ended: holdfast set show NAME',
    kind: 'failed',
  },
  set_not_live: {
    happened: 'a run was to save what has changed in a set, and nobody watches that set',
    next: 'holdfast set run NAME saves all of it; holdfast set add NAME PATH --live --replace has it watched',
    kind: 'usage',
  },
  set_sent: {
    happened: 'a backup set was to be changed here that comes from the server',
    next: 'an administrator changes it: holdfast set send NAME PATH --replace; to end it here: holdfast set refuse NAME',
    kind: 'refused',
  },
  set_refused: {
    happened: 'the owner of this machine does not want a backup set that the server sends',
    next: 'where it should run: holdfast set accept NAME',
    kind: 'refused',
  },
  set_not_allowed: {
    happened:
      'the server sends a backup set of folders that the owner of this machine does not allow, or with a program before or after it',
    next: 'where it should run, on that machine: holdfast client set agent.allow sets',
    kind: 'refused',
  },
  drill_damaged: {
    happened:
      'a restore drill found something that cannot be restored as it was saved, or a file on disk that is not what was saved though nobody has changed it; each is named',
    next: 'holdfast check --read-data names all that is damaged; the next run of the set stores again what is still there, and holdfast drill looks again',
  },
  drill_empty: {
    happened:
      'a restore drill had nothing to restore: the newest snapshot of the set has no file with content',
    next: 'look whether the folders of the set are there and have files in them: holdfast set show NAME',
  },
  spool_full: {
    happened:
      'a version of a live set was to be kept here until a server answers again, and there is no more room for such versions on this machine',
    next: 'free space on the disk of the home, or let them have more: holdfast client set spool 50GB; what is kept goes up when the server answers',
  },
  set_waits: {
    happened: 'a set was to be removed of which versions are kept here that no server has yet',
    next: 'holdfast set run NAME sends them up when the server answers; or remove the folder that is named, and they are lost',
  },
  hook_failed: {
    happened:
      'a program that was to run before or after a set ended with something else than 0, or did not end in its time',
    next: 'holdfast set show NAME shows what it wrote; what was saved is saved',
  },
  hook_unsafe: {
    happened: 'others can write a program that was to run before or after a set, or the folder that it is in',
    next: 'take the right to write from others: chmod go-w',
  },
  channel_invalid: {
    happened:
      'what was said of a channel of notices is none: a name, an address, or more of them than there may be',
    next: 'holdfast notice add --help shows the forms',
  },
  channel_exists: {
    happened: 'there is a channel of notices with this name already',
    next: 'holdfast notice list names them; holdfast notice remove NAME first, or another name',
  },
  notice_undelivered: {
    happened: 'a mail server, a webhook or a program did not take a notice; what it said is named',
    next: 'mend that, then: holdfast notice test NAME; what waits is tried again by itself',
  },
  agent_running: {
    happened: 'another agent works in this home; its process id is named',
    next: 'one agent runs all sets of a home; end the other one first, if it is to be replaced',
  },
  job_not_allowed: {
    happened:
      'a server wanted this machine to do what its owner does not allow: to back a set up now, or to restore to a folder outside of those that are named',
    next: 'where it should, on that machine: holdfast client set agent.allow backup,restore:/srv',
    kind: 'refused',
  },
  job_queue_full: {
    happened: 'a client has as many jobs that are not over as it may have',
    next: 'wait until its agent has done some, or end one: holdfast job list, holdfast job stop ID',
    kind: 'refused',
    status: 409,
  },
  grant_over: {
    happened: "a grant of another machine's repository has expired, or was revoked",
    next: 'at the server, where it should go on: holdfast grant create --from NAME --to NAME --expires 2d',
    kind: 'refused',
    status: 403,
  },
  grant_waiting: {
    happened:
      'nobody has sealed what a grant is for: the agent of the machine that it is from has not, or its owner does not allow it',
    next: 'at the server: holdfast grant show ID says what it waits for; without that machine: holdfast grant create --kit FILE',
    kind: 'refused',
  },
  sealed_invalid: {
    happened: 'what was sealed for this machine is damaged, or is for another certificate than it has',
    next: 'at the server, for the certificate of now: holdfast grant revoke ID, then holdfast grant create again',
    kind: 'failed',
  },
  schedule_exists: {
    happened: 'there is a schedule of that name already',
    next: 'choose another name, or end that one first: holdfast schedule remove NAME',
    kind: 'refused',
    status: 409,
  },
  job_over: {
    happened: 'a job has ended, was stopped, or was not begun before its time was over',
    next: 'holdfast job show ID says what came of it; holdfast job start NODE SET starts another',
    status: 409,
  },
} as const satisfies Record<string, ErrorRow>;
