import assert from 'node:assert/strict';
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Command } from 'commander';
import { type ErrorCode, type ErrorRow, errorSections } from '../src/base/index.ts';
import { createFullProgram } from '../src/cli/program/create-program.ts';
import { freePorts } from './rig/free-ports.ts';
import { launcher, type ProgramOptions, runProgram, startHoldfast } from './rig/holdfast-process.ts';
import { errorIn } from './rig/refusal.ts';
import { runHere } from './rig/run-here.ts';
import { type TemporaryDirectory, temporaryDirectory } from './rig/temporary-directory.ts';

const program = await createFullProgram();

/** Each command that a hint names, `holdfast WORDS`, with what is said of it; asserts that there is such a command. */
function commandsIn(hint: string): { words: string[]; said: string; command: Command }[] {
  return hint
    .split(/\bholdfast (?=[a-z_]+)/)
    .slice(1)
    .map((said) => {
      const words = [];
      let command = program;
      for (const word of said.split(/[ ,;:.()'`]+/)) {
        if (command.commands.length === 0) break;
        const found = command.commands.find((each) => each.name() === word);
        assert.ok(found, `there is no holdfast ${said}: ${hint}`);
        words.push(word);
        command = found;
      }
      return { words, said, command };
    });
}

/** Asserts that each command which a hint names is one that there is, with the options said of it and all that it needs. */
function assertCommands(hint: string): void {
  for (const { words, said, command } of commandsIn(hint)) {
    const known = ['--help', ...command.options.map(({ long }) => long)];
    const [typed = ''] = said.split(/[;:)]/, 1);
    for (const [option] of typed.matchAll(/--[a-z][a-z-]*/g))
      assert.ok(known.includes(option), `holdfast ${words.join(' ')} has no ${option}: ${hint}`);
    // What it sets is said in words of its own.
    if (typed.includes('--help') || ['policy set', 'client set', 'node set'].includes(words.join(' ')))
      continue;
    const needed = command.registeredArguments.filter(({ required }) => required).length;
    const given = typed
      .split(' ')
      .slice(words.length)
      .filter((word) => /^[A-Z$"0-9]/.test(word));
    assert.ok(given.length >= needed, `holdfast ${words.join(' ')} needs more than is said: ${hint}`);
  }
}

/** The first command that a hint names as it would be typed: its words, its options, and what stands for `values` of theirs. */
function firstCommand(hint: string, values: Readonly<Record<string, string>>): string[] {
  const { words, said } = commandsIn(hint)[0] ?? assert.fail(`no command: ${hint}`);
  const typed = [...words];
  for (const word of said.split(' ').slice(words.length)) {
    const value = word.startsWith('--') ? word : values[word.replace(/[,;.]$/, '')];
    if (value === undefined) break;
    typed.push(value);
  }
  return typed;
}

/** What is refused at a server that does not run: the command that the refusal names has to work there and then. */
const refusedAtServer: readonly (readonly [words: readonly string[], code: ErrorCode])[] = [
  [['backup', '--nonsense'], 'usage'],
  [['ca', 'move', '--undo', 'never'], 'usage'],
  [['restore', 'nothing', '--target', 'HERE/t'], 'snapshot_not_found'],
  [['restore', 'latest', '--target', 'HERE/t', '--include', 'no.such'], 'path_not_found'],
  [['cert', 'show', 'ffff'], 'object_not_found'],
  [['cert', 'revoke', 'client/nobody', '--yes'], 'object_not_found'],
  [['token', 'revoke', '99'], 'object_not_found'],
  [['tls', 'unbind', '--host', 'a.example'], 'object_not_found'],
  [['trust', 'remove', '--server', 'a.example'], 'object_not_found'],
  [['ca', 'rehearse'], 'object_not_found'],
  [['request', 'approve', '7'], 'request_unknown'],
  [['request', 'collect'], 'usage'],
  [['policy', 'set', 'no.such', 'on'], 'settings_invalid'],
];

const keysLost = 'lost-files.test.ts: a reissue code makes it whole again';
const newCode = 'revocation.test.ts: another code is made, and joins';
const damaged = 'damaged-repository.test.ts: check names it, restore brings the rest';
const readOnLog = 'a person reads the log of a server';

const inSets = 'sets.test.ts';
const inSentSets = 'sent-sets.test.ts';
const inUpdates = 'update.test.ts';

/** Where else the next step of an error is taken from the state in which it arises, or why it is not. */
const takenElsewhere: Readonly<Record<string, string>> = {
  home_missing: 'every test of a network: its home is made by up, or joins',
  node_not_joined: 'join.test.ts',
  keystore_missing: keysLost,
  keystore_damaged: keysLost,
  keystore_entry_missing: keysLost,
  trust_bundle_missing: keysLost,
  trust_bundle_damaged: keysLost,
  clients_on_plain: 'plain-ports.test.ts',
  append_only: 'guard.test.ts',
  quota_exceeded: 'guard.test.ts',
  trash_exceeded: 'guard.test.ts: the trash is listed there; it only reads',
  job_not_allowed: 'jobs.test.ts: the owner of the machine allows it',
  job_queue_full: 'jobs.test.ts: one is stopped',
  grant_over: 'grants.test.ts',
  grant_waiting: 'grants.test.ts: the recovery kit seals it',
  sealed_invalid: 'grants.test.ts: another grant is created',
  schedule_exists: 'jobs.test.ts: one is removed',
  replication_exists: 'replicas.test.ts: it is removed',
  job_over: 'jobs.test.ts: what came of it is shown',
  retention_locked: 'guard.test.ts: the policy is shown there; it only reads',
  second_admin_needed: 'guard.test.ts',
  node_quarantined: 'guard.test.ts',
  view_expired: 'network-view.test.ts: it takes new things again once it hears of its server',
  view_invalid: readOnLog,
  storage_node_unknown: 'storage-nodes.test.ts: the list is for a person to read',
  service_elsewhere: 'mixed-up-ports.test.ts',
  certificate_required:
    'join.test.ts: it is told to programs that come without a certificate, and no command does',
  certificate_expired: 'renewal.test.ts',
  certificate_revoked: 'revocation.test.ts',
  revocation_unknown: 'verify-outside.test.ts',
  certificate_changed: 'trust.test.ts',
  certificate_wrong_name: 'mcs.test.ts: serve --names after a restore to another place',
  join_code_unknown: newCode,
  join_code_used: newCode,
  join_code_expired: newCode,
  join_code_revoked: newCode,
  queue_closed: 'request-submit.test.ts',
  request_pending: 'request-submit.test.ts',
  release_invalid: inUpdates,
  update_older: inUpdates,
  update_not_installable: inUpdates,
  update_failed: 'interop/packages.test.ts',
  schedule_invalid: inSets,
  schedule_never: inSets,
  set_unknown: inSets,
  set_invalid: inSets,
  set_running: inSets,
  set_sent: inSentSets,
  set_refused: inSentSets,
  set_not_allowed: inSentSets,
  set_not_live: 'live.test.ts',
  drill_damaged: 'drill.test.ts',
  drill_empty: 'drill.test.ts',
  spool_full: 'spool.test.ts',
  set_waits: 'spool.test.ts',
  hook_failed: 'agent.test.ts',
  site_missing: 'sites.test.ts',
  site_exists: 'sites.test.ts',
  site_unknown: 'sites.test.ts: the sites are listed there; it only reads',
  site_changed: 'sites.test.ts: it is removed, or called otherwise',
  site_bundle_old: 'sites.test.ts',
  site_files_missing: 'sites.test.ts',
  site_file_damaged: 'sites.test.ts',
  site_key_exposed: 'sites.test.ts',
  pairing_code_invalid: 'sites.test.ts',
  pairing_refused: 'sites.test.ts',
  pairing_closed: 'sites.test.ts',
  link_service_down: 'sites.test.ts: serve starts it',
  link_certificate_mismatch: 'sites.test.ts',
  link_refused: 'sites.test.ts',
  link_files_damaged: 'sites.test.ts: the file is put back',
  channel_invalid: 'notices.test.ts',
  channel_exists: 'notices.test.ts',
  notice_undelivered: 'notices.test.ts',
  name_not_permitted: 'requests.test.ts: the policy is shown there; it only reads',
  authority_restored: 'ca-restore.test.ts',
  clock_wrong: 'clock.test.ts',
  root_offline: 'ca-offline.test.ts',
  root_unfit: 'adopt.test.ts: a root of its own is made in an empty home, as by every test',
  root_revoked: 'outside-revocation.test.ts',
  root_unproven: 'outside-revocation.test.ts: the policy is set back there',
  issuer_ending: 'it takes five years to arise; ca-offline.test.ts brings back the root that a new one needs',
  issuer_revoked: 'stolen-issuing-key.test.ts',
  already_revoked: 'revocation.test.ts',
  escrow_unproven: 'recover-hostile.test.ts',
  connection_refused: 'every test of a network: serve starts it',
  tls_not_spoken: 'status.test.ts: the listeners are shown there; it only reads',
  refused_by_peer: readOnLog,
  object_name_invalid: readOnLog,
  storage_failed: readOnLog,
  repository_missing: 'damaged-repository.test.ts: backup --init makes it',
  repository_gone: 'lost-repository.test.ts',
  repository_same: 'copy.test.ts',
  repository_damaged: damaged,
  snapshot_times_differ: 'plan-forget: the snapshots are listed with both times; it only reads',
  restore_incomplete: damaged,
  key_missing: 'keys.test.ts',
  key_ambiguous: 'keys.test.ts',
  key_needed: 'keys.test.ts',
  verify_failed: damaged,
  object_corrupt: damaged,
  range_not_satisfiable: damaged,
  key_not_of_certificate: newCode,
  client_authority_not_listed:
    'ca-show.test.ts: the root is exported there; the rest is done at a server of others',
  tls_no_common_version: 'client.test.ts',
  tls_no_common_group: 'client.test.ts',
  tls_hello_dropped: 'client.test.ts: as tls_no_common_group',
  server_not_holdfast: 'status.test.ts: the listeners are shown there; it only reads',
  keystore_not_private: 'keystore-share.test.ts',
  trust_store_changed: 'trust-install.test.ts',
  hierarchy_unconstrained: 'trust-install.test.ts',
  bearer_wrong_identity: 'bearer.test.ts: the token that was made for this node is taken',
  bearer_required: 'bearer.test.ts',
  bearer_unknown: 'bearer.test.ts',
  bearer_expired: 'bearer.test.ts',
  bearer_revoked: 'bearer.test.ts',
  authority_waiting: 'subordinate.test.ts',
  object_exists:
    'damaged-repository.test.ts: check only reads; commands that write a file say --force instead',
  store_missing: 'store-missing.test.ts',
};

describe('the next step that an error names', () => {
  let place: TemporaryDirectory;
  const at = (...names: string[]): string => join(place.path, ...names);
  const run = (words: readonly string[], options: ProgramOptions & { expected?: number } = {}) =>
    runProgram(launcher, words, options);
  const refused = async (words: readonly string[], expected: number) => {
    const error = errorIn(await run([...words, '--json'], { expected }));
    assertCommands(error.hint);
    return error;
  };
  const join_ = async (name: string, words: readonly string[], expected = 0) => {
    const { stdout } = await run(['token', 'create', name, ...words, '--home', at('server')]);
    return await run(['join', '--home', at(`home of ${name}`)], { input: stdout, expected });
  };

  before(async () => {
    place = temporaryDirectory();
    mkdirSync(at('data'));
    writeFileSync(at('data/a'), 'a\n');
    const port = String(await freePorts());
    await run(['up', '--once', at('data'), '--home', at('server'), '--port', port, '--names', '127.0.0.1']);
  });
  after(() => place[Symbol.dispose]());

  it('names only commands that there are, wherever in the program it is written', async () => {
    for (const file of globSync(join(import.meta.dirname, '../src/**/*.ts')))
      for (const [, hint = ''] of readFileSync(file, 'utf8').matchAll(/hint:\s*(['`].*holdfast .*)/g))
        assertCommands(hint);
    for (const { next } of Object.values(errorSections).flatMap((rows): ErrorRow[] => Object.values(rows)))
      assertCommands(next);
  });

  it('is not needed to export a certificate at the server: a command starts it, as backup does', async () => {
    const { stderr } = await run([
      'cert',
      'export',
      '--layout',
      'restic',
      at('restic'),
      '--home',
      at('server'),
    ]);
    assert.match(stderr, /for this command/);
    assert.ok(existsSync(at('restic/restic.sh')));
  });

  it('is the recovery kit for a machine that came back without its keys, and another role for a person', async () => {
    await using server = startHoldfast(['serve', '--home', at('server')]);
    await server.waitFor(/listening/);
    await join_('laptop', []);
    await run(['backup', at('data'), '--home', at('home of laptop')]);
    const { stdout } = await run(['token', 'create', 'laptop', '--reissue', '--home', at('server')]);
    await run(['join', '--home', at('again')], { input: stdout });
    const lost = await refused(['backup', at('data'), '--home', at('again')], 12);
    assert.equal(lost.code, 'repository_wrong_key');
    assert.match(lost.hint, /holdfast recover --kit FILE/);
    await run(['recover', '--kit', at('server/recovery-kit.txt'), '--home', at('again')]);
    await run(['backup', at('data'), '--home', at('again')]);

    await join_('ann', ['--role', 'admin']);
    const person = await refused(['backup', at('data'), '--home', at('home of ann')], 21);
    assert.equal(person.code, 'certificate_wrong_role');
    assert.match(person.message, /admin ann .* only a client has a repository/);
    assert.match(person.hint, /join as a client in another home/);
  });

  it('leads on from every state in which a machine can be', async () => {
    for (const words of [
      ['backup', at('data')],
      ['status'],
      ['serve'],
      ['token', 'create', 'x'],
      ['cert', 'renew'],
    ]) {
      const { code, error } = await runHere([...words, '--home', at('none')], { HOME: place.path });
      assert.equal(code, 1, words.join(' '));
      assertCommands(error?.hint ?? assert.fail(words.join(' ')));
    }
    const missing = await runHere(['up', at('missing'), '--once', '--home', at('server')], {});
    assert.equal(missing.error?.code, 'path_not_found');
  });

  it('is a command that works where it is named', async () => {
    for (const [words, refusal] of refusedAtServer) {
      const all = words.map((word) => word.replace('HERE', place.path));
      const { error } = await runHere([...all, '--home', at('server')], { HOME: place.path });
      const { code, hint } = error ?? assert.fail(words.join(' '));
      assert.equal(code, refusal, words.join(' '));
      const next = firstCommand(hint, {
        ID: '1',
        SNAPSHOT: 'latest',
        FILE: at(`${words.join(' ')}.made`),
        TEXT: 'tried',
        NAME: 'next',
      });
      await run([...next, '--home', at('server')]);
    }
  });

  it('is taken, for each error of the catalogue that names a command, here or by the test named', () => {
    const rows = Object.values(errorSections).flatMap((section) => Object.entries<ErrorRow>(section));
    const naming: string[] = rows.filter(([, { next }]) => next.includes('holdfast ')).map(([code]) => code);
    const here: string[] = refusedAtServer.map(([, code]) => code);
    const missing = naming.filter((code) => !here.includes(code) && takenElsewhere[code] === undefined);
    assert.deepEqual(missing, [], 'their next steps are taken nowhere');
    for (const [code, where] of Object.entries(takenElsewhere)) {
      assert.ok(naming.includes(code), `${code} names no command`);
      const [, file] = /^(\S+\.test\.ts)/.exec(where) ?? [];
      if (file !== undefined) assert.ok(existsSync(join(import.meta.dirname, file)), where);
    }
  });
});
