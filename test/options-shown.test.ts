import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Command } from 'commander';
import { about, settingsKey } from '../src/cli/home/settings.ts';
import { createFullProgram } from '../src/cli/program/create-program.ts';
import { listenerKeys, policyKeys } from '../src/policy/policy-keys.ts';

/**
 * For each option of each command which test shows that it makes a difference: a file here, without `.test.ts`, that calls
 * the command with it; or `as` another command, where the two give it to the same code. An option that is declared and not
 * here fails, and so does one whose test does not speak of it.
 */
const shownBy: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  up: {
    'as init':
      '--port --names --network --status-address --kit-password-file --keystore-password --permit --key-algorithm --database',
    'as backup': '--exclude --exclude-file --no-exclude-caches',
    up: '--once',
  },
  backup: {
    status: '--repo',
    'option-differences': '--password-file --exclude --exclude-file --no-exclude-caches --tag',
    'exit-codes': '--init',
    'lost-repository': '--start-over',
    'backup-options':
      '--iexclude --exclude-larger-than --exclude-if-present --one-file-system --files-from --files-from-verbatim --files-from-raw --stdin --stdin-from-command --stdin-filename --time --host --reread --skip-if-unchanged --dry-run --quiet --limit-upload --limit-download',
    'lock-waits': '--retry-lock',
    'storage-nodes': '--to',
  },
  status: { agent: '--check' },
  restore: {
    grants: '--grant',
    'storage-nodes': '--from',
    restic: '--repo --verify',
    'every-file-type': '--password-file',
    'option-differences': '--host --path --tag --include --exclude --limit-download',
    restore: '--target',
    'damaged-repository': '--overwrite',
    'snapshot-words': '--delete --dry-run',
  },
  snapshots: {
    grants: '--grant',
    'as restore': '--from',
    'bad-client': '--repo',
    'damaged-repository': '--password-file',
    'option-differences': '--host --path --tag',
  },
  ls: {
    grants: '--grant',
    'as restore': '--from',
    'option-differences': '--repo --host --path --tag --long',
    'as snapshots': '--password-file',
  },
  find: {
    'as ls': '--grant --from',
    'snapshot-words':
      '--repo --host --path --tag --snapshot --ignore-case --oldest --newest --type --long --blob --tree --pack',
    'as snapshots': '--password-file',
  },
  dump: {
    grants: '--grant',
    'as restore': '--from',
    'snapshot-words': '--repo --host --path --tag --archive',
    'as snapshots': '--password-file',
  },
  browse: { 'as ls': '--grant --from', browse: '--repo --password-file --host --path --tag' },
  mount: { 'as ls': '--grant --from', mount: '--repo --password-file --host --path --tag --allow-other' },
  diff: {
    'as ls': '--grant --from',
    'snapshot-words': '--repo --host --path --tag --metadata',
    'as snapshots': '--password-file',
  },
  copy: {
    copy: '--repo --password-file --from-repo --from-password-file --init --subtree --host --path --tag --limit-upload --limit-download --retry-lock',
  },
  tag: { tag: '--repo --password-file --host --path --tag --add --remove --set --retry-lock' },
  stats: { stats: '--repo --password-file --host --path --tag --mode' },
  'repair snapshots': {
    'repair-snapshots': '--repo --password-file --host --path --tag --forget --dry-run --retry-lock',
  },
  join: { tokens: '--name', 'storage-nodes': '--role' },
  recover: { recover: '--kit --kit-password-file', 'recover-hostile': '--fingerprint --trust-server --repo' },
  forget: {
    retention:
      '--repo --password-file --host --path --tag --keep-last --keep-hourly --keep-daily --keep-weekly --keep-monthly --keep-yearly ' +
      '--keep-within --keep-within-hourly --keep-within-daily --keep-within-weekly --keep-within-monthly --keep-within-yearly ' +
      '--keep-tag --group-by --judge-by --unsafe-allow-remove-all --dry-run --retry-lock --prune --max-repack-size',
    'as prune': '--max-unused --repack-cacheable-only --repack-smaller-than --repack-uncompressed',
  },
  prune: {
    retention:
      '--repo --password-file --max-unused --max-repack-size --repack-cacheable-only --repack-smaller-than --repack-uncompressed --dry-run',
    'as forget': '--retry-lock',
  },
  unlock: { retention: '--repo --password-file --remove-all' },
  'repair index': { 'damaged-repository': '--repo --password-file', 'lock-waits': '--retry-lock' },
  'key list': { keys: '--repo --password-file' },
  'key add': { keys: '--repo --password-file --new-password-file' },
  'key remove': { keys: '--repo --password-file', 'as prune': '--retry-lock' },
  'key passwd': { keys: '--repo --password-file --new-password-file', 'as prune': '--retry-lock' },
  check: {
    restic: '--repo',
    'damaged-repository': '--password-file',
    'every-file-type': '--read-data',
    'lock-waits': '--retry-lock',
  },
  'set add': {
    agent: '--before --after --hook-limit --on-mains --unmetered --between --keep',
    sets: '--every --zone --spread --exclude --exclude-file --no-exclude-caches --tag --repo --password-file --limit-upload --limit-download --replace',
    live: '--live',
    'storage-nodes': '--to',
  },
  'set run': { live: '--changes' },
  'set send': {
    'sent-sets': '--nodes --every --spread --tag --before --limit-upload --replace',
    'as set add':
      '--exclude --exclude-file --no-exclude-caches --live --zone --keep --after --hook-limit --on-mains --unmetered --between --limit-download',
  },
  drill: { drill: '--seed --bytes --snapshot' },
  init: {
    'key-algorithm': '--port --names --key-algorithm',
    audit: '--network',
    'postgres/program': '--database',
    'option-differences': '--status-address --kit-password-file --keystore-password --permit',
  },
  serve: { mcs: '--port --names', 'self-signed': '--self-signed --renew-certificate' },
  doctor: { 'support-bundle': '--bundle --log --force' },
  'db migrate': { 'postgres/program': '--to' },
  'token create': {
    admin: '--role',
    tokens: '--uses',
    bearer: '--bearer',
    audit: '--names',
    'bad-join-code': '--expires',
    recover: '--reissue',
  },
  'token list': { bearer: '--bearer' },
  'cert list': { renewal: '--role --name --limit', cert: '--state --expiring --search', adopt: '--imported' },
  nodes: { nodes: '--role --name --limit', 'agent-reports': '--check' },
  'cert verify': { cert: '--at --host', 'verify-outside': '--roots --crl --online --policy' },
  'cert renew': { 'ca-restore': '--early' },
  'cert revoke': { 'stolen-issuing-key': '--reason', revocation: '--serial --node --yes' },
  'cert export': {
    join: '--layout --list --forget',
    'exported-certificates': '--serial --identity --format --chain --force',
  },
  'site generate': { sites: '--name --share --all --port --address --key-algorithm' },
  'site export': { sites: '--with-keys --password-file' },
  'site apply': { sites: '--name' },
  'site pair': { sites: '--expires --name' },
  'notice add': {
    notices: '--mail --smtp --from --webhook --command --ping --set --secret-file --summary',
  },
  'client set-token': { bearer: '--token-file --remove' },
  'client import': { client: '--stanza --yes' },
  'policy import': { requests: '--yes' },
  'policy set': { 'plain-ports': '--yes' },
  'request create': {
    'request-submit': '--server --fingerprint --root --o --names --submit --profile --name --code',
    'request-create': '--friendly-name --key --cn --ou --l --st --c --email --out --force',
  },
  'request export': { 'exported-certificates': '--certificate --format --password-file --mode --force' },
  'request pending': { 'request-create': '--forget --yes' },
  'request submit': { 'request-submit': '--server --fingerprint --root --profile --name --code' },
  'request collect': { 'request-submit': '--server --fingerprint --root --out --force' },
  'request list': { requests: '--state' },
  'request approve': { 'request-submit': '--name --profile --names --drop' },
  'request deny': { requests: '--reason' },
  'tls bind': { 'tls-bind': '--host --listener --key --roots' },
  'tls unbind': { 'tls-bind': '--host --listener' },
  'trust accept': { trust: '--fingerprint' },
  'trust add': { trust: '--server --file' },
  'trust install': { 'trust-install': '--scope --dry-run --unconstrained' },
  'trust uninstall': { 'trust-install': '--scope' },
  'trust remove': { trust: '--server --fingerprint' },
  'ca create': {
    subordinate: '--subordinate --o --ou --l --st --c --email --cn --out --force',
    'as init':
      '--port --names --network --status-address --kit-password-file --keystore-password --permit --key-algorithm --database',
  },
  'ca request': { subordinate: '--out --force' },
  'ca complete': { subordinate: '--root --kit-password-file' },
  'ca export': { 'ca-show': '--chain --force --format' },
  'ca crl': { 'long-crl': '--out', revocation: '--pem', 'old-spellings': '--force' },
  'ca backup': {
    'web-dav': '--to --keep',
    'ca-backup': '--every --password-file --force',
    mcs: '--password --format --legacy',
  },
  'ca restore': {
    'postgres/program': '--database',
    'ca-restore': '--kit --password-file --mirror --re-enrol --trust-issued --port --names',
    'option-differences': '--kit-password-file',
    'ca-backup': '--log-is-lost --dry-run',
  },
  'ca rehearse': {
    'web-dav': '--kit',
    'option-differences': '--kit-password-file',
    'authority-full-disk': '--password-file',
  },
  'ca move': { 'option-differences': '--password --password-file', 'ca-restore': '--undo' },
  'ca offline': { 'ca-backup': '--password-file', 'stolen-issuing-key': '--until', sep: '--remove-copies' },
  'ca online': { 'ca-offline': '--password-file' },
  'ca permit': { 'ca-offline': '--none' },
  'ca adopt': {
    adopt: '--cert --key --chain --issued --crl --password-file --dry-run',
    'as init':
      '--port --names --network --status-address --kit-password-file --keystore-password --permit --key-algorithm --database',
  },
  'ca clock accept': { clock: '--reason' },
  update: { update: '--check --dry-run' },
  scrub: { scrub: '--status' },
  'replicate add': { replicas: '--to --keep --remove-after --limit-upload --zone' },
  'replicate run': { replicas: '--accept-loss' },
  'trash list': { guard: '--client --repository' },
  'trash restore': { guard: '--before --repository' },
  'trash empty': { guard: '--client --repository --removed-before --yes' },
  'node quarantine': { guard: '--reason' },
  'node release': { guard: '--reason' },
  'job start': { jobs: '--restore --target --include --replace --expires --check --read-data' },
  'grant create': {
    grants: '--from --to --expires --path --kit --snapshots',
    'as recover': '--kit-password-file --trust-server',
  },
  'schedule add': { jobs: '--every --zone --backup --check --read-data --nodes --expires' },
  'job stop': { jobs: '--give-up' },
  'store accept': { 'store-missing': '--reason' },
  'keystore share': { 'keystore-share': '--group --none' },
  'service install': { 'interop/packages': '--run-as --dry-run' },
  'keystore rekey': { 'keystore-passphrase': '--new-keystore-password-file --stash' },
  'audit list': { clock: '--kind', audit: '--by --since --until --limit' },
  'audit verify': { audit: '--checkpoint' },
  'audit export': { audit: '--format', 'old-spellings': '--force' },
  'policy export': { 'old-spellings': '--force' },
  'sm_ssl_cert ca': {
    sep: '--path --replace',
    'option-differences': '--ini',
    'as init':
      '--port --names --network --status-address --kit-password-file --keystore-password --permit --key-algorithm --database',
  },
  'sm_ssl_cert server': { sep: '--common-name --path --name', 'option-differences': '--ini' },
  'sm_ssl_cert client': { sep: '--oid --path', 'ca-restore': '--name', 'option-differences': '--ini' },
};

/** Options of every command. */
const everywhere: Readonly<Record<string, string>> = {
  '--home': 'up',
  '--json': 'up',
  '--verbose': 'secrets',
  '--keystore-password-file': 'keystore-passphrase',
};

/** Keys of `holdfast.toml`, as the program calls them. */
const settingsShownBy: Readonly<Record<string, string>> = {
  network: 'test/up',
  names: 'test/reload',
  port: 'test/reload',
  statusAddress: 'test/option-differences',
  store: 'test/full-disk',
  logLevel: 'test/reload',
  listeners: 'test/resumption',
  selfSigned: 'test/self-signed',
  'database.url': 'test/postgres/program',
  'authority.keystorePassphraseFile': 'test/keystore-passphrase',
  'authority.logMirrors': 'test/mirrors',
  'authority.backupTo': 'test/ca-backup',
  'authority.backupEvery': 'test/ca-backup',
  'authority.backupKeep': 'test/ca-backup',
  'authority.rehearseEvery': 'test/reload',
};

/** Keys of the policy; those of a profile are one code for all roles. */
const policyShownBy: Readonly<Record<string, string>> = {
  queue: 'src/authority/requests/requests',
  requestLifetimeMs: 'src/authority/requests/requests',
  retentionLockMs: 'src/authority/policy/retention-locks',
  trashTimeMs: 'test/store-trash',
  quotaBytes: 'test/client-ledger',
  viewLifetimeMs: 'test/network-view',
  lifetimeMs: 'src/authority/requests/requests',
  backdateMs: 'src/authority/requests/requests',
  graceMs: 'src/authority/requests/requests',
  approval: 'src/authority/requests/requests',
  subject: 'src/authority/requests/requests',
  keyAlgorithms: 'src/authority/issue/authorisation',
  extendedKeyUsage: 'test/requests',
  nameKinds: 'src/policy/profile-policy',
  dnsSuffixes: 'src/authority/requests/requests',
  addressRanges: 'src/policy/name-policy',
  underscores: 'src/authority/requests/requests',
  sha1Proof: 'src/authority/requests/requests',
  clientCertificate: 'test/listener-policy',
  dataChannel: 'test/data-channel',
  tlsOnly: 'test/plain-ports',
  outsideRevocation: 'src/authority/revocation/ask-outside',
  releaseAdmins: 'src/authority/releases/releases',
  level: 'test/listener-policy',
  minimumVersion: 'test/listener-policy',
  keyExchange: 'test/listener-policy',
  metrics: 'test/metrics',
};

function textOf(file: string): string {
  return readFileSync(join(import.meta.dirname, '..', `${file}.test.ts`), 'utf8');
}

/** The commands that do something, by what calls them. */
function leaves(command: Command, before: readonly string[] = []): [string, Command][] {
  if (command.commands.length === 0) return [[before.join(' '), command]];
  return command.commands.flatMap((below) => leaves(below, [...before, below.name()]));
}

/** The options of a command that its row has, each with what shows it. */
function rowsOf(words: string): Map<string, string> {
  const row = Object.entries(shownBy[words] ?? {});
  return new Map(row.flatMap(([by, flags]) => flags.split(' ').map((flag) => [flag, by] as const)));
}

/** Whether a test calls a command with an option, in the words of an array, or of a line. */
function speaksOf(text: string, words: string, flag: string): boolean {
  const called = words.split(' ').join("'?,?\\s*'?").replace('sm_ssl_cert', '(?:sm_ssl_cert|smSslCert)\\W*');
  return new RegExp(`\\b${called}\\b`).test(text) && new RegExp(`${flag}(?![a-z-])`).test(text);
}

describe('everything that can be said', async () => {
  const commands = leaves(await createFullProgram()).filter(
    ([words]) => words !== 'certutil' && words !== 'dsmcert',
  );
  const own = ({ options }: Command): string[] =>
    options.map(({ long }) => long ?? '').filter((flag) => everywhere[flag] === undefined);

  it('has a row here for each option of each command, and none for others', () => {
    for (const [words, command] of commands)
      assert.deepEqual([...rowsOf(words).keys()].sort(), own(command).sort(), words);
    const known = new Set(commands.map(([words]) => words));
    for (const words of Object.keys(shownBy)) assert.ok(known.has(words), `there is no command ${words}`);
  });

  it('is shown by a test that says it to the command', () => {
    for (const words of Object.keys(shownBy)) {
      for (const [flag, by] of rowsOf(words)) {
        const other = /^as (.*)$/.exec(by)?.[1];
        if (other === undefined)
          assert.ok(speaksOf(textOf(`test/${by}`), words, flag), `${by}: ${words} ${flag}`);
        else assert.ok(rowsOf(other).has(flag), `${words} ${flag} ${by}`);
      }
    }
    for (const [flag, by] of Object.entries(everywhere)) assert.ok(textOf(`test/${by}`).includes(flag), flag);
  });

  it('is true of the settings too', () => {
    const keys = Object.keys(about).filter((key) => key !== 'authority');
    assert.deepEqual(Object.keys(settingsShownBy).sort(), keys.sort());
    for (const [key, by] of Object.entries(settingsShownBy)) {
      const name = settingsKey(key).replace(/^.*\./, '');
      assert.ok(textOf(by).includes(name), `${by}: ${key}`);
    }
  });

  it('is true of the policy too', () => {
    const keys = new Set([...policyKeys.map((key) => key.replace(/^profiles\.\w+\./, '')), ...listenerKeys]);
    assert.deepEqual(Object.keys(policyShownBy).sort(), [...keys].sort());
    for (const [key, by] of Object.entries(policyShownBy))
      assert.match(textOf(by), new RegExp(`\\b${key}\\b`), `${by}: ${key}`);
  });
});
