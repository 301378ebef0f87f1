import { resolve } from 'node:path';
import type { AdminContext } from '../../admin/index.ts';
import { findKeystore, keyOf, openOrCreateKeystore } from '../../agent/index.ts';
import {
  type Authority,
  authorityWaiting,
  type Looks,
  openAuthority,
  readWaiting,
} from '../../authority/index.ts';
import { HoldfastError, type Secret } from '../../base/index.ts';
import { addressesOf, listenersOf, namesForCodes, reachableNames } from '../../policy/index.ts';
import {
  BindingDesk,
  type BindingPlace,
  offlineReplicaDesks,
  StorePlace,
  StoreTrash,
} from '../../server/index.ts';
import type { Context } from '../program/context.ts';
import { askSecret } from '../terminal/answer.ts';
import { choosePassword, readPasswordFile } from '../terminal/given-secrets.ts';
import type { Home } from './home.ts';
import { databaseOf, readSettings, type Settings, storeDirectory } from './settings.ts';
import { backupPlace, upkeepSettings } from './upkeep-settings.ts';

/** The authority of a home, held by this process, and the settings it runs by. */
export interface AuthorityHome extends AsyncDisposable {
  readonly home: Home;
  readonly settings: Settings;
  readonly authority: Authority;
  /** Whether it was made just now. */
  readonly created: boolean;
}

/**
 * Opens the authority of `home`: `home_in_use` when another process has it, `home_missing` when there is none.
 * `worker` keeps its database in a thread of its own, as a server wants; one that `looks` records nothing.
 */
export async function openAuthorityHome(
  context: Context,
  home: Home,
  { worker = false, looks }: { worker?: boolean; looks?: Looks | undefined } = {},
): Promise<AuthorityHome> {
  const settings = await readSettings(home);
  if (settings === undefined) {
    throw new HoldfastError('home_missing', `there is no authority in ${home.path}`, {
      hint: 'run this at the server, or name its home with --home DIR; holdfast init makes an authority',
    });
  }
  if (settings.selfSigned === true) throw withoutAuthority(home);
  const waiting = await readWaiting(home.path);
  if (waiting !== undefined) throw authorityWaiting(home.path, waiting);
  const upkeep = upkeepSettings(home, settings);
  const passphrase = () => keystorePassphrase(context, home, settings);
  const database = databaseOf(settings);
  const how = { worker, upkeep, database, passphrase, looks };
  const authority = await openAuthority({ home: home.path, clock: context.clock, ...how });
  return asAuthorityHome({ home, settings, authority, created: false });
}

function withoutAuthority({ path }: Home): HoldfastError {
  return new HoldfastError(
    'home_missing',
    `the server of ${path} has no authority (self_signed in holdfast.toml)`,
    {
      hint: 'holdfast token create --bearer NAME lets a client in; a network needs a home of its own: holdfast init --home DIR',
    },
  );
}

/** Puts together what belongs together. */
export function asAuthorityHome(parts: Omit<AuthorityHome, typeof Symbol.asyncDispose>): AuthorityHome {
  return { ...parts, [Symbol.asyncDispose]: () => parts.authority.close() };
}

/** What the admin API works on, but for the listeners, which the server knows; a running one reads its keystore again when told. */
export function adminContext(
  context: Context,
  { home, settings, authority }: AuthorityHome,
  {
    reload = async () => {},
    keystore = () => openOrCreateKeystore(home.node),
  }: Partial<Pick<BindingPlace, 'reload' | 'keystore'>> = {},
): Omit<AdminContext, 'listeners'> {
  const store = storeOf({ home, settings, authority });
  return {
    authority,
    clock: context.clock,
    enrolAddresses: enrolAddresses(settings),
    listenerSettings: listenersOf(settings),
    letIn: () => [],
    renewServer: async () => {},
    bindingProblem: () => undefined,
    recoveryKitPath: home.recoveryKit,
    backupPlace: (text) => backupPlace(text, home.path, context.line),
    store,
    trash: new StoreTrash({
      directory: store.directory,
      check: (forWhat) => store.check(forWhat),
      authority,
    }),
    ...offlineReplicaDesks({
      directory: store.directory,
      check: (forWhat) => store.check(forWhat),
      recordsPath: home.replication,
      clock: context.clock,
    }),
    bindings: new BindingDesk({
      roots: authority.serverRoots,
      keystore,
      findKeystore: () => findKeystore(home.node),
      keyOf,
      listeners: listenersOf(settings),
      names: settings.names,
      clock: context.clock,
      reload,
    }),
  };
}

/** `host:port` of the enrolment listeners for join codes. */
function enrolAddresses(settings: Settings): string[] {
  return enrolAddressesOf(settings, namesForCodes(reachableNames(settings.names)));
}

/** `host:port` of the enrolment listeners under each of `names`. */
export function enrolAddressesOf(settings: Settings, names: readonly string[]): string[] {
  return addressesOf(listenersOf(settings), ['enrol'], names);
}

const what = "passphrase of the authority's keystore";

/**
 * The passphrase that opens the keystore of an authority: of the file that was named, or of the one in the settings, else
 * typed. @throws HoldfastError `password_missing`, `path_not_found`
 */
export async function keystorePassphrase(
  context: Context,
  home: Home,
  settings: Settings,
): Promise<Secret<string>> {
  const kept = settings.authority?.keystorePassphraseFile;
  const file = context.keystorePassphraseFile ?? (kept && resolve(home.path, kept));
  if (file !== undefined) return await readPasswordFile(context, file);
  const typed = await askSecret(context, what);
  if (typed !== undefined) return typed;
  throw new HoldfastError('password_missing', `the ${what} was not given`);
}

/** The passphrase of a keystore that is to be made; undefined when a stash is to open it. */
export async function newKeystorePassphrase(
  context: Context,
  { keystorePassword: typed = false }: { readonly keystorePassword?: boolean },
): Promise<Secret<string> | undefined> {
  const { keystorePassphraseFile: file } = context;
  return file !== undefined || typed ? await choosePassword(context, file, what) : undefined;
}

/** Where the repositories of an authority's network are kept, by the settings of its home. */
export function storeOf(of: {
  readonly home: Home;
  readonly settings: Settings;
  readonly authority: Authority;
}): StorePlace {
  const { network, store: record } = of.authority;
  return new StorePlace({ directory: storeDirectory(of.home, of.settings), network, record });
}
