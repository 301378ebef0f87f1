import {
  backedUpNodes,
  checkBackupFile,
  hasAuthority,
  type LogMirror,
  openKeys,
  openRestoreSource,
  type RestoreSource,
  restoreAuthority,
  resumeRestore,
} from '../../authority/index.ts';
import { HoldfastError, readChosenFile, type Secret } from '../../base/index.ts';
import { defaultPortFor } from '../../policy/index.ts';
import { checkReachability, isReachable, moveHere } from '../../server/index.ts';
import { localPath } from '../files/local-path.ts';
import { newKeystorePassphrase } from '../home/authority-home.ts';
import { inNewHome } from '../home/creating.ts';
import { checkHome, homeAt, openHome } from '../home/home.ts';
import { checkMayHoldAuthority } from '../home/may-hold.ts';
import { checkSettings, databaseOf, parseSettings, readSettings, type Settings } from '../home/settings.ts';
import { checkMirror, mirrorAt, upkeepSettings } from '../home/upkeep-settings.ts';
import { defaultPort } from '../options/server-options.ts';
import type { Context } from '../program/context.ts';
import type { Answer } from '../terminal/answer.ts';
import { givenPassword, readKit } from '../terminal/given-secrets.ts';
import { planAnswer, restoredAnswer, resumedAnswer } from './restored-answer.ts';

/** What `ca restore` takes. */
export interface CaRestoreOptions extends RestoreChoices {
  readonly kit?: string;
  readonly kitPasswordFile?: string;
  readonly passwordFile?: string;
  readonly logIsLost?: string;
  readonly dryRun?: boolean;
}

/** What `certutil -restore` takes too. */
export interface RestoreChoices {
  readonly names?: readonly string[];
  readonly port?: number;
  readonly database?: string;
  readonly mirror?: readonly string[];
  readonly trustIssued?: boolean;
  readonly reEnrol?: boolean;
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
  const { kit, passwordFile, dryRun = false } = options;
  if (!dryRun) await checkFree(context);
  const source = await openRestoreSource(path, {
    ...options,
    recoveryKey:
      kit === undefined ? undefined : async () => (await readKit(context, { ...options, kit })).identity,
    byPassword: passwordFile !== undefined,
    password: (of) => givenPassword(context, passwordFile, `password of ${of}`),
  });
  return await (dryRun ? plan(context, source, options) : restore(context, source, options));
}

/** `certutil -restore PASSWORD FILE`: out of a PKCS#12, whose password is tried before anything is written. */
export async function restoreKeys(
  context: Context,
  {
    file,
    password,
    ...options
  }: RestoreChoices & { readonly file: string; readonly password: Secret<string> },
): Promise<Answer> {
  await checkFree(context);
  for (const place of options.mirror ?? []) await checkMirror(place, context.workingDirectory);
  const path = localPath(context.workingDirectory, file);
  const hint = 'name the file that certutil -backup wrote';
  const bytes = await readChosenFile(path, { maxBytes: 16 * 1024 * 1024, hint, tooLong: 'pkcs12_malformed' });
  return await restore(context, await openKeys({ path, file: bytes, password }), options);
}

async function plan(context: Context, source: RestoreSource, options: CaRestoreOptions): Promise<Answer> {
  const { before, settings } = await settingsFor(context, source, options);
  const followers = await checkReachability(before, settings);
  const isLeft = source.kind === 'backup' && !isReachable(followers);
  const left = isLeft ? await backedUpNodes({ ...source, clock: context.clock }) : [];
  return planAnswer({ source, before, settings, followers, left });
}

async function restore(context: Context, source: RestoreSource, options: CaRestoreOptions): Promise<Answer> {
  const { before, settings } = await settingsFor(context, source, options);
  const followers = await checkReachability(before, settings);
  await checkMayHoldAuthority(context.home, source.network);
  const passphrase = await newKeystorePassphrase(context, {});
  const { home, result } = await inNewHome(context.home, settings, async (home) => {
    const mirrors = mirrorsFor(context, options) ?? upkeepSettings(home, settings).mirrors;
    const result = await restoreAuthority(source, {
      ...choicesOf(options),
      mirrors,
      clock: context.clock,
      by: 'admin/local',
      home: home.path,
      passphrase,
      names: settings.names,
      database: databaseOf(settings),
      recoveryKit: home.recoveryKit,
    });
    return { home, result };
  });
  if (source.kind === 'keys' && source.authority.weakness !== undefined)
    context.output.warn(
      `${source.path} protects what is in it weakly: ${source.authority.weakness}; destroy it`,
    );
  const hasPassphrase = context.keystorePassphraseFile !== undefined;
  return restoredAnswer({ source, before, settings, followers, home, result, options, hasPassphrase });
}

/** What an authority that is restored and waits is told: from its mirrors, or that there is none. */
async function resume(context: Context, options: CaRestoreOptions): Promise<Answer> {
  const home = await openHome(context.home);
  const settings = await readSettings(home);
  if (settings === undefined)
    throw new HoldfastError('home_missing', `there is no authority in ${home.path}`, {
      hint: 'name a backup: holdfast ca restore FILE',
    });
  const result = await resumeRestore({
    ...choicesOf(options),
    mirrors: mirrorsFor(context, options) ?? upkeepSettings(home, settings).mirrors,
    clock: context.clock,
    by: 'admin/local',
    home: home.path,
    database: databaseOf(settings),
  });
  return resumedAnswer(settings.network, result);
}

function choicesOf({ logIsLost, trustIssued, reEnrol }: CaRestoreOptions) {
  return { logIsLost, trustIssued, reEnrol };
}

function mirrorsFor(
  { workingDirectory }: Context,
  { mirror }: CaRestoreOptions,
): readonly LogMirror[] | undefined {
  return mirror?.map((place) => mirrorAt(place, workingDirectory));
}

/** What the server was to clients before, by what is restored, and the settings that it is to have here. */
async function settingsFor(
  context: Context,
  source: RestoreSource,
  options: CaRestoreOptions,
): Promise<{ readonly before: Settings; readonly settings: Settings }> {
  const here =
    (await checkHome(context.home)) === 'used' ? await readSettings(homeAt(context.home)) : undefined;
  const before = settingsIn(source) ?? here;
  if (before === undefined)
    throw new HoldfastError('backup_damaged', `the backup of ${source.network} holds no settings`, {
      hint: 'write holdfast.toml into the home first; docs/reference/settings.md lists every key',
    });
  const settings = await newSettings(source, { before, here }, options);
  checkSettings(settings);
  return { before, settings };
}

/** What a file says of the server it is of: its settings, or what the certificates in it name. */
function settingsIn(source: RestoreSource): Settings | undefined {
  if (source.kind === 'backup')
    return source.settings === undefined
      ? undefined
      : parseSettings(source.settings, 'the settings in the backup');
  const { network, statusAddress, serverNames } = source.authority;
  const names = [...new Set([new URL(statusAddress).hostname, ...serverNames])];
  return { network, names, port: defaultPortFor(statusAddress) ?? defaultPort, statusAddress };
}

/** A home that says already where its server is goes on saying so, where the file has no settings of its own. */
async function newSettings(
  source: RestoreSource,
  { before, here }: { readonly before: Settings; readonly here: Settings | undefined },
  { names, port, database: url }: CaRestoreOptions,
): Promise<Settings> {
  // The database of the old one still has the old one's records.
  const { database: _before, ...others } = before;
  const database = url === undefined ? {} : { database: { url } };
  if (here === undefined || (source.kind === 'backup' && source.settings !== undefined))
    return { ...(await moveHere(others, { names, port })), ...database };
  const said = { names: names === undefined ? here.names : [...names], port: port ?? here.port };
  const { network, statusAddress } = before;
  return { ...here, ...said, network, statusAddress, ...database };
}

async function checkFree({ home }: Context): Promise<void> {
  if ((await checkHome(home)) !== 'used' || !(await hasAuthority(home))) return;
  throw new HoldfastError('home_exists', `the home ${home} already has an authority; nothing was changed`, {
    hint: 'restore into an empty place: --home DIR',
  });
}
