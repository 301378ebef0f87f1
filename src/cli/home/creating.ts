import { access, readFile, rm } from 'node:fs/promises';
import { nameKey } from '../../admin/index.ts';
import {
  type AdoptedRoot,
  authorityWaiting,
  checkServerNames,
  createAuthority,
  hasAuthority,
  readWaiting,
} from '../../authority/index.ts';
import { HoldfastError, type Secret, systemErrorCode, writeFileAtomic } from '../../base/index.ts';
import { describePublicKey } from '../../pki/index.ts';
import {
  addressesOf,
  checkNetworkName,
  defaultListeners,
  parseRequestedNames,
  reachableNames,
} from '../../policy/index.ts';
import { machineName, machineNames } from '../../transport/index.ts';
import { Keystore, serverLabel } from '../../trust/index.ts';
import { type CreationOptions, defaultPort } from '../options/server-options.ts';
import type { Context } from '../program/context.ts';
import { type Row, row } from '../terminal/answer.ts';
import { formatRemaining, shortFingerprint } from '../terminal/format.ts';
import { readPasswordFile } from '../terminal/given-secrets.ts';
import { type AuthorityHome, asAuthorityHome, newKeystorePassphrase } from './authority-home.ts';
import { checkHome, createHome, type Home, homeAt } from './home.ts';
import { refuseNode } from './may-hold.ts';
import { databaseOf, readSettings, type Settings, writeSettings } from './settings.ts';
import { upkeepSettings } from './upkeep-settings.ts';

/** What is special about an authority that is made. */
interface Creation {
  /** Done once nothing is refused any more, before anything is written. */
  readonly ready?: () => Promise<void>;
  /** A root that is there already. */
  readonly root?: AdoptedRoot;
  /** For who goes on as a server: as of {@link openAuthorityHome}. */
  readonly worker?: boolean;
}

/** Makes the home and an authority in it. Whatever can be refused is refused before anything is written. */
export async function createAuthorityHome(
  context: Context,
  options: CreationOptions,
  { ready, root, worker = false }: Creation = {},
): Promise<AuthorityHome> {
  await checkBegins(context.home);
  const settings = await newSettings(options);
  const { keyAlgorithm, permit } = options;
  if (permit !== undefined) checkServerNames(permit, settings.names);
  const passphrase = await kitPassphrase(context, options);
  const keystorePassphrase = await newKeystorePassphrase(context, options);
  await ready?.();
  const home = await createHome(context.home);
  // Before the authority: a crash in between leaves a home where creating can begin again.
  await writeSettings(home, settings);
  const keys = { keyAlgorithm, permit, keystorePassphrase, kitPassphrase: passphrase, ...(root && { root }) };
  return await createInHome(context, { home, settings, worker, ...keys });
}

/** Protects the recovery kit that is written. */
export async function kitPassphrase(
  context: Context,
  { kitPasswordFile: file }: Pick<CreationOptions, 'kitPasswordFile'>,
): Promise<Secret<string> | undefined> {
  return file === undefined ? undefined : await readPasswordFile(context, file);
}

/** An authority that is made in a home that is there, with its settings. */
interface CreationInHome
  extends Pick<Creation, 'root' | 'worker'>,
    Pick<CreationOptions, 'keyAlgorithm' | 'permit'> {
  readonly home: Home;
  readonly settings: Settings;
  readonly keystorePassphrase?: Secret<string> | undefined;
  readonly kitPassphrase?: Secret<string> | undefined;
}

/** Makes the authority of a home as its settings say. */
export async function createInHome(
  context: Context,
  { home, settings, root, worker = false, kitPassphrase: passphrase, ...keys }: CreationInHome,
): Promise<AuthorityHome> {
  const authority = await createAuthority({
    home: home.path,
    network: settings.network,
    statusAddress: settings.statusAddress,
    clock: context.clock,
    worker,
    upkeep: upkeepSettings(home, settings),
    database: databaseOf(settings),
    ...keys,
    ...(root && { root }),
    recoveryKit: { passphrase, write: (text) => writeFileAtomic(home.recoveryKit, text.reveal()) },
  });
  return asAuthorityHome({ home, settings, authority, created: true });
}

/** The lines that say which authority this is and what is to be done about its recovery kit. */
export async function authorityRows({ authority, home, created }: AuthorityHome): Promise<Row[]> {
  const { root, network } = authority;
  const validFor = formatRemaining(root.notAfter.getTime() - root.notBefore.getTime());
  const key = `${nameKey(describePublicKey(root.spki))}, valid ${validFor}`;
  const state = created ? 'created' : 'opened';
  const is = row('authority', state, network, `root ${shortFingerprint(root.fingerprint)}`, key);
  if (!(await isThere(home.recoveryKit))) return [is];
  const kit = created ? 'kit written to' : 'kit is still at';
  return [is, row('recovery', `${kit} ${home.recoveryKit}`, 'move it off this machine')];
}

/** What the settings of a new authority are to be. @throws HoldfastError `name_invalid` */
export async function newSettings(options: CreationOptions): Promise<Settings> {
  const network = options.network ?? `backup.${machineName()}`;
  checkNetworkName(network);
  const names = options.names === undefined ? await machineNames() : [...options.names];
  parseRequestedNames(names);
  const [best = 'localhost'] = reachableNames(names);
  const port = options.port ?? defaultPort;
  const statusAddress = options.statusAddress ?? plainStatus(port, best);
  const { database: url } = options;
  return { network, names, port, statusAddress, ...(url !== undefined && { database: { url } }) };
}

/** Where the plain listener of a new server is, whom nobody needs a certificate for. */
function plainStatus(port: number, name: string): string {
  const plain = defaultListeners(port).filter(({ kind }) => kind === 'plain');
  return `http://${addressesOf(plain, ['status'], [name])[0]}`;
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Whether a network may begin in the home at `path`, which is not there, empty, or in use for something else than a network:
 * of two in one home each would take what is the other's for its own.
 *
 * @throws HoldfastError `home_exists`, `authority_waiting`, `node_already_joined`, `authority_damaged` where only the authority's part is gone
 */
export async function checkBegins(path: string): Promise<void> {
  if ((await checkHome(path)) !== 'used') return;
  if (await hasAuthority(path)) throw authorityThere(path);
  const waiting = await readWaiting(path);
  if (waiting !== undefined) throw authorityWaiting(path, waiting);
  const home = homeAt(path);
  if ((await readSettings(home))?.selfSigned === true)
    throw new HoldfastError('home_exists', `the home ${path} has a server without an authority`, {
      hint: 'holdfast serve runs it; an authority needs another home: --home DIR',
    });
  if ((await Keystore.exists(home.node)) && (await Keystore.open(home.node)).has(serverLabel)) {
    throw new HoldfastError(
      'authority_damaged',
      `${home.authority} is gone, and its server was in this home`,
      {
        hint: 'mount its disk, or bring it back from a backup: holdfast ca restore FILE; another network: --home DIR',
      },
    );
  }
  await refuseNode(home.node, undefined);
}

function authorityThere(path: string): HoldfastError {
  return new HoldfastError('home_exists', `the home ${path} already has an authority`, {
    hint: 'holdfast serve runs it; --home DIR names another place for another one',
  });
}

/**
 * Makes a home with `settings` for an authority that `work` puts into it. Before the authority: a crash in between leaves a
 * home where this can begin again. When there is none in the end, everything is as it was.
 *
 * @throws HoldfastError as {@link writeSettings}, before anything is made; and what `work` throws
 */
export async function inNewHome<T>(
  path: string,
  settings: Settings,
  work: (home: Home) => Promise<T>,
): Promise<T> {
  const wasThere = (await checkHome(path)) !== 'absent';
  const before = wasThere ? await readKept(homeAt(path)) : undefined;
  const home = await createHome(path);
  try {
    await writeSettings(home, settings);
    return await work(home);
  } catch (error) {
    if (!(await hasAuthority(home.path))) await putBack(home, wasThere, before);
    throw error;
  }
}

async function putBack(home: Home, wasThere: boolean, before: string | undefined): Promise<void> {
  if (!wasThere) await rm(home.path, { recursive: true, force: true });
  else if (before === undefined) await rm(home.settings, { force: true });
  else if ((await readKept(home)) !== before) await writeFileAtomic(home.settings, before);
}

async function readKept({ settings }: Home): Promise<string | undefined> {
  return await readFile(settings, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
}
