import {
  type BackupContents,
  type BackupKey,
  backedUpNodes,
  type CaughtUp,
  checkBackupFile,
  hasAuthority,
  inspectBackup,
  type LogMirror,
  openAuthority,
  restoreAuthority,
  resumeRestore,
  sealedKind,
} from '../../authority/index.ts';
import { HoldfastError, type Secret } from '../../base/index.ts';
import type { DatabasePlace } from '../../db/index.ts';
import { localPath } from '../files/local-path.ts';
import { careOf, checkMirror, mirrorAt } from '../home/care-of.ts';
import { checkHome, type Home, homeAt, openHome } from '../home/home.ts';
import { newKeystorePassphrase } from '../home/keystore-passphrase.ts';
import { inNewHome } from '../home/new-home.ts';
import { checkMayHoldAuthority } from '../home/one-network.ts';
import { checkSettings, databaseOf, parseSettings, readSettings, type Settings } from '../home/settings.ts';
import type { Context } from '../program/context.ts';
import { readKit } from '../repository/recovering.ts';
import { type Answer, type Row, row, warning } from '../terminal/answer.ts';
import { givenPassword } from '../terminal/choose-password.ts';
import { plural } from '../terminal/format.ts';
import { canFollow, type Followers, whoCanFollow } from './following.ts';
import { differences, proposeSettings } from './restored-settings.ts';
import { whyLost } from './why-lost.ts';

/** What `ca restore` takes. */
export interface CaRestoreOptions {
  readonly kit?: string;
  readonly passphraseFile?: string;
  readonly passwordFile?: string;
  readonly names?: readonly string[];
  readonly port?: number;
  readonly database?: string;
  readonly mirror?: readonly string[];
  readonly logIsLost?: string;
  readonly trustIssued?: boolean;
  readonly reEnrol?: boolean;
  readonly dryRun?: boolean;
}

/** `holdfast ca restore [FILE]`: an authority out of its backup, or what a restored one still waits for. */
export async function restoreCa(
  context: Context,
  file: string | undefined,
  options: CaRestoreOptions,
): Promise<Answer> {
  for (const place of options.mirror ?? []) await checkMirror(place, context.workingDirectory);
  if (file === undefined) return await resume(context, options);
  const path = localPath(context.workingDirectory, file);
  await checkBackupFile(path);
  if (options.dryRun !== true) await checkFree(context);
  if ((await sealedKind(path)) === 'pkcs12') return await restoreKeysAlone(context, path, options);
  if (isOfKeysAlone(options))
    throw new HoldfastError('usage', `${path} holds what was issued before, not keys alone`, {
      hint: 'leave --re-enrol and --trust-issued out: they are for a PKCS#12',
    });
  const key = await keyFor(context, path, options);
  const contents = await inspectBackup(path, key);
  const settings = await settingsFor(context, contents, options);
  checkSettings(settings);
  const changes = differences(contents.settings, settings);
  const followers = await whoCanFollow(contents.settings, settings);
  if (options.dryRun === true) {
    const left = canFollow(followers) ? [] : await backedUpNodes({ path, key, clock: context.clock });
    return planAnswer({ contents, changes, followers, left });
  }
  await checkMayHoldAuthority(context.home, contents.manifest.network);
  const passphrase = await newKeystorePassphrase(context, {});
  const { manifest, result } = await inNewHome(context.home, settings, async (home) => {
    const database = databaseOf(settings);
    const what = { home: home.path, path, key, passphrase, names: settings.names, database };
    const restored = await restoreAuthority({ ...catchUpOrder(context, home, settings, options), ...what });
    await checkOpens(context, home, { passphrase, database });
    return restored;
  });
  return restoredAnswer(context, {
    network: manifest.network,
    keys: manifest.keys,
    result,
    changes,
    followers,
  });
}

/** What was written is what the next command opens. */
async function checkOpens(
  { clock }: Context,
  { path }: Home,
  {
    passphrase,
    database,
  }: { readonly passphrase: Secret<string> | undefined; readonly database: DatabasePlace | undefined },
): Promise<void> {
  const secret = passphrase === undefined ? undefined : async (): Promise<Secret<string>> => passphrase;
  const authority = await openAuthority({ home: path, clock, database, passphrase: secret });
  await authority.close();
}

/** What an authority that is restored and waits is told: from its mirrors, or that there is none. */
async function resume(context: Context, options: CaRestoreOptions): Promise<Answer> {
  const home = await openHome(context.home);
  const settings = await readSettings(home);
  if (settings === undefined)
    throw new HoldfastError('home_missing', `there is no authority in ${home.path}`, {
      hint: 'name a backup: holdfast ca restore FILE',
    });
  const logIsLost = whyLost(options);
  const said = { ...options, logIsLost };
  const result = await resumeRestore({
    ...catchUpOrder(context, home, settings, said),
    home: home.path,
    database: databaseOf(settings),
    trustIssued: options.trustIssued === true,
    ofKeysAlone: isOfKeysAlone(options),
  });
  return { value: { network: settings.network, ...jsonOf(result) }, rows: caughtUpRows(result) };
}

async function restoreKeysAlone(context: Context, path: string, options: CaRestoreOptions): Promise<Answer> {
  if (options.dryRun === true)
    throw new HoldfastError('usage', `${path} holds keys alone: there is nothing in it to compare with`, {
      hint: 'restore it into an empty home: --home DIR',
    });
  if (options.kit !== undefined)
    throw new HoldfastError('usage', `${path} holds keys alone: a password opens it, and no recovery kit`, {
      hint: 'leave --kit out, and name the password: --password-file FILE',
    });
  const password = await givenPassword(context, options.passwordFile, 'password of the PKCS#12 file');
  const { restoreKeys } = await import('../vendor/restore-keys.ts');
  return await restoreKeys(context, { ...options, file: path, password });
}

/** Whether something is said that an authority with its records does not ask. */
function isOfKeysAlone({ reEnrol, trustIssued }: CaRestoreOptions): boolean {
  return reEnrol === true || trustIssued === true;
}

function catchUpOrder(
  { clock, workingDirectory }: Context,
  home: Home,
  settings: Settings,
  { mirror, logIsLost }: CaRestoreOptions,
) {
  const mirrors: readonly LogMirror[] =
    mirror === undefined
      ? careOf(home, settings).mirrors
      : mirror.map((place) => mirrorAt(place, workingDirectory));
  return { mirrors, clock, by: 'admin/local', logIsLost };
}

async function keyFor(
  context: Context,
  path: string,
  { kit, passphraseFile, passwordFile }: CaRestoreOptions,
): Promise<BackupKey> {
  if (kit !== undefined) {
    const { identity } = await readKit(context, {
      kit,
      passphraseFile,
    });
    return { kind: 'recovery key', identity };
  }
  if (passwordFile === undefined && (await sealedKind(path)) !== 'password')
    throw new HoldfastError('usage', `the recovery kit opens ${path}, and none was named`, {
      hint: 'name it: --kit FILE',
    });
  return { kind: 'password', password: await givenPassword(context, passwordFile, `password of ${path}`) };
}

async function settingsFor(
  context: Context,
  { settings: text, manifest }: BackupContents,
  options: CaRestoreOptions,
): Promise<Settings> {
  if (text !== undefined)
    return await proposeSettings(parseSettings(text, 'the settings in the backup'), options);
  const home = homeAt(context.home);
  const here = (await checkHome(context.home)) === 'used' ? await readSettings(home) : undefined;
  if (here !== undefined) return here;
  throw new HoldfastError('backup_damaged', `the backup of ${manifest.network} holds no settings`, {
    hint: 'write holdfast.toml into the home first; docs/reference/settings.md lists every key',
  });
}

async function checkFree({ home }: Context): Promise<void> {
  if ((await checkHome(home)) !== 'used' || !(await hasAuthority(home))) return;
  throw new HoldfastError('home_exists', `the home ${home} already has an authority; nothing was changed`, {
    hint: 'restore into an empty place: --home DIR',
  });
}

interface Told {
  readonly changes: ReturnType<typeof differences>;
  readonly followers: Followers;
}

interface Plan extends Told {
  readonly contents: BackupContents;
  /** Who had a certificate and finds this machine nowhere. */
  readonly left: readonly string[];
}

function planAnswer(plan: Plan): Answer {
  const { network, epoch, madeAt, log, keys, retired } = plan.contents.manifest;
  const { changes, followers, left: cannotFollow } = plan;
  const value = { network, epoch, madeAt, log, keys, retired, changes, followers, cannotFollow };
  return { value, rows: planRows(plan) };
}

function* planRows(plan: Plan): Iterable<Row> {
  const { network, epoch, madeAt, log, keys } = plan.contents.manifest;
  yield row(
    'would be',
    `${network}, epoch ${epoch + 1} or later`,
    `as of ${madeAt}`,
    `record ${log.sequence}`,
  );
  yield* keyRows(keys);
  yield* changeRows(plan);
  for (const label of plan.left) yield row('cut off', label);
  yield row('changed', 'nothing: this was a dry run');
}

interface Restored extends Told {
  readonly network: string;
  readonly keys: BackupContents['manifest']['keys'];
  readonly result: CaughtUp | HoldfastError;
}

function restoredAnswer(context: Context, restored: Restored): Answer {
  const { network, keys, result, changes, followers } = restored;
  const value = { network, keys, changes, followers, ...jsonOf(result) };
  return { value, rows: restoredRows(context, restored) };
}

function* restoredRows({ keystorePassphraseFile }: Context, restored: Restored): Iterable<Row> {
  const { network, keys, result } = restored;
  yield row('restored', network);
  yield* keyRows(keys);
  if (keystorePassphraseFile === undefined)
    yield row('opened by', 'a new stash of this machine', 'a passphrase instead: holdfast keystore rekey');
  yield* changeRows(restored);
  if (!(result instanceof HoldfastError)) return yield* caughtUpRows(result);
  yield row('waiting', 'nothing is issued, answered or served until it knows what happened since');
  yield warning(result.message);
  yield row('next', result.hint ?? '');
}

function jsonOf(result: CaughtUp | HoldfastError): object {
  if (result instanceof HoldfastError) return { standing: 'restored', waitsFor: result.message };
  return { standing: 'ready', ...result };
}

function* caughtUpRows({ epoch, mirror, counts, notes }: CaughtUp): Iterable<Row> {
  const { records, certificates, revoked, lost } = counts;
  const what = `${plural(certificates, 'certificate')} and ${plural(revoked, 'revocation')}`;
  if (mirror !== undefined) yield row('log', `${plural(records, 'record')} from ${mirror}`, what);
  for (const note of notes) yield warning(note);
  for (const [kind, count] of Object.entries(lost))
    yield warning(`${count} × ${kind}: the log says that it was, not what it was; do it again`);
  yield row('at work', `epoch ${epoch}`, 'next: holdfast serve');
}

function* keyRows(keys: BackupContents['manifest']['keys']): Iterable<Row> {
  const held = keys.filter((key) => key.held).map(({ label }) => label);
  yield row('keys', held.join(', '));
  for (const { label } of keys.filter((key) => !key.held))
    yield warning(`the key ${label} is not in the backup`);
}

function* changeRows({ changes, followers }: Told): Iterable<Row> {
  for (const { key, before, now } of changes) yield row(key, `in the backup: ${before}`, `here: ${now}`);
  const { reachable, statusLeadsHere } = followers;
  if (reachable.length > 0) yield row('clients', `find the server at ${reachable.join(', ')}`);
  else if (statusLeadsHere) yield row('clients', `learn the new addresses at ${followers.statusAddress}`);
  else yield warning(whyNobodyFollows(followers));
}

function whyNobodyFollows({ lost, statusAddress }: Followers): string {
  if (lost.length === 0)
    return `clients were told no address but loopback ones and ${statusAddress}: only those on this machine itself follow`;
  return (
    `no address that clients were told is seen to lead to this machine (${[...lost, statusAddress].join(', ')}): ` +
    'let one of these names lead here and say it with --names, or no other machine follows'
  );
}
