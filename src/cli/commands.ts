import type { DefineCommand } from './define-command.ts';

/** A word of the command line: what it is for, and where its options and its work are. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Words of every day stand first in the help. */
  readonly everyday: boolean;
  load(): Promise<DefineCommand>;
}

/**
 * All words, in the order of the help. Only the one that was said is loaded, so that a command starts no slower
 * for the others.
 */
export const commands: readonly CommandEntry[] = [
  {
    name: 'up',
    summary: 'set everything up, back PATH up, verify it, and go on as the server',
    everyday: true,
    load: async () => (await import('./command/up.ts')).defineUp,
  },
  {
    name: 'backup',
    summary: 'back files up to the server',
    everyday: true,
    load: async () => (await import('./command/backup.ts')).defineBackup,
  },
  {
    name: 'restore',
    summary: 'bring files of a snapshot back',
    everyday: true,
    load: async () => (await import('./command/restore.ts')).defineRestore,
  },
  {
    name: 'snapshots',
    summary: 'list what has been backed up',
    everyday: true,
    load: async () => (await import('./command/snapshots.ts')).defineSnapshots,
  },
  {
    name: 'ls',
    summary: 'list the files of a snapshot',
    everyday: true,
    load: async () => (await import('./command/ls.ts')).defineLs,
  },
  {
    name: 'status',
    summary: 'show this machine, its certificates and what needs attention',
    everyday: true,
    load: async () => (await import('./command/status.ts')).defineStatus,
  },
  {
    name: 'join',
    summary: 'make this machine a client of a network',
    everyday: true,
    load: async () => (await import('./command/join.ts')).defineJoin,
  },
  {
    name: 'recover',
    summary: 'bring a lost machine back: its identity by a reissue code, its backups by the recovery kit',
    everyday: false,
    load: async () => (await import('./command/recover.ts')).defineRecover,
  },
  {
    name: 'check',
    summary: 'check a repository for damage',
    everyday: false,
    load: async () => (await import('./command/check.ts')).defineCheck,
  },
  {
    name: 'repair',
    summary: 'mend what can be mended in a repository',
    everyday: false,
    load: async () => (await import('./command/repair.ts')).defineRepair,
  },
  {
    name: 'init',
    summary: 'create an authority and nothing else',
    everyday: false,
    load: async () => (await import('./command/init.ts')).defineInit,
  },
  {
    name: 'serve',
    summary: 'run the server of this home',
    everyday: false,
    load: async () => (await import('./command/serve.ts')).defineServe,
  },
  {
    name: 'token',
    summary: 'make a join code for another machine',
    everyday: false,
    load: async () => (await import('./command/token.ts')).defineToken,
  },
  {
    name: 'cert',
    summary: 'list, show, verify, renew and export certificates',
    everyday: false,
    load: async () => (await import('./command/cert.ts')).defineCert,
  },
  {
    name: 'policy',
    summary: 'show and change what the network has decided for all its machines',
    everyday: false,
    load: async () => (await import('./command/policy.ts')).definePolicy,
  },
  {
    name: 'request',
    summary: 'make certificate requests, hand them in, decide on them',
    everyday: false,
    load: async () => (await import('./command/request.ts')).defineRequest,
  },
  {
    name: 'tls',
    summary: 'show certificates from elsewhere for certain hosts or listeners',
    everyday: false,
    load: async () => (await import('./command/tls.ts')).defineTls,
  },
  {
    name: 'trust',
    summary: 'say whom this machine believes for certain servers',
    everyday: false,
    load: async () => (await import('./command/trust.ts')).defineTrust,
  },
  {
    name: 'ca',
    summary: "look at the authority's own certificates, and take care of its keys",
    everyday: false,
    load: async () => (await import('./command/ca.ts')).defineCa,
  },
  {
    name: 'keystore',
    summary: "change what opens the authority's keystore",
    everyday: false,
    load: async () => (await import('./command/keystore.ts')).defineKeystore,
  },
  {
    name: 'key',
    summary: 'list the repositories that this machine has a key of',
    everyday: false,
    load: async () => (await import('./command/key.ts')).defineKey,
  },
  {
    name: 'store',
    summary: 'answer for the place where the server keeps repositories',
    everyday: false,
    load: async () => (await import('./command/store.ts')).defineStore,
  },
  {
    name: 'db',
    summary: 'say where the records of the authority are kept',
    everyday: false,
    load: async () => (await import('./command/db.ts')).defineDb,
  },
  {
    name: 'audit',
    summary: 'read, check and export the log of what was decided',
    everyday: false,
    load: async () => (await import('./command/audit.ts')).defineAudit,
  },
  {
    name: 'sm_ssl_cert',
    summary: 'the words of SEP sesam: make its certificates and keys',
    everyday: false,
    load: async () => (await import('./command/sm-ssl-cert.ts')).defineSmSslCert,
  },
  {
    name: 'certutil',
    summary: "the words of Microsoft Certificate Server: back the authority's keys up",
    everyday: false,
    load: async () => (await import('./command/certutil.ts')).defineCertutil,
  },
];
