import type { ErrorRow } from './error-row.ts';

/** Words, settings, home. */
export const wordsErrors = {
  usage: {
    happened: 'the words of the command do not fit together',
    next: 'holdfast COMMAND --help shows the words of a command',
    kind: 'usage',
  },
  settings_invalid: {
    happened: '`holdfast.toml`, a listener or a state file is not valid; the key is named',
    next: 'correct it; docs/reference/settings.md lists every key',
    kind: 'usage',
  },
  input_invalid: {
    happened: "a message or an operation's input is not valid; the field is named",
    next: 'correct what is named',
    kind: 'usage',
    status: 400,
  },
  path_not_found: {
    happened: 'a path does not exist or cannot be read',
    next: 'check the spelling; relative paths count from the folder you stand in',
  },
  nothing_saved: {
    happened: "the patterns, or the system's refusals, leave no file to be saved; no snapshot was made",
    next: 'correct the paths or the patterns, or run it as a user who may read them',
  },
  command_failed: {
    happened: 'a command whose output was to be saved has failed; no snapshot was made',
    next: 'run that command alone and correct it, then the backup again',
  },
  interrupted: {
    happened: 'Ctrl-C or SIGTERM during the work',
    next: 'run it again; what was done by then is not done again',
    kind: 'interrupted',
  },
  mount_failed: {
    happened:
      'the system does not mount file systems of programs (FUSE) for this user; what it says is named',
    next: 'install the package fuse3 and load the module fuse; in a container, give it --device /dev/fuse and the right to mount',
  },
  mount_point_unusable: {
    happened: 'a mount point is no empty folder, or lies where the home or the repository is',
    next: 'make an empty folder elsewhere, and name that',
    kind: 'usage',
  },
  platform_unsupported: {
    happened: 'the system lacks a call that this needs',
    next: 'use Holdfast on Linux',
  },
  home_missing: {
    happened:
      'there is no home, or no authority in it; the folder that a new one would be in is not there, or the disk that belongs there',
    next: 'if there was one, mount its disk; else holdfast up, or holdfast join with a code, makes one; --home DIR names another place',
  },
  home_exists: {
    happened: 'there is an authority already',
    next: 'use it, or name another place with --home DIR',
  },
  home_in_use: {
    happened: 'another process works on this home; its process id is named',
    next: 'wait until the other process is done, or end it',
  },
  home_not_private: {
    happened: 'others can read the home',
    next: 'chmod 700 the home',
  },
  home_newer: {
    happened: 'a newer Holdfast wrote this home',
    next: 'install the newer Holdfast that wrote it',
  },
  service_failed: {
    happened: 'a service of this machine was not made, or does not run; what the system said is named',
    next: 'mend what it says, and install again; --dry-run shows each step',
  },
  service_not_ours: {
    happened: 'somebody else wrote the unit of that name',
    next: 'keep it and use systemctl, or move it away and install again',
  },
  service_manager_missing: {
    happened: 'no systemd runs here, so nothing was installed',
    next: 'use the script for OpenRC or the line for cron that service install prints',
  },
  port_in_use: {
    happened: 'another program listens there',
    next: 'choose other ports with --port',
  },
} as const satisfies Record<string, ErrorRow>;
