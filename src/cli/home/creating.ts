import { access } from 'node:fs/promises';
import { nameKey } from '../../admin/index.ts';
import { type AdoptedRoot, checkServerNames, createAuthority } from '../../authority/index.ts';
import { type Secret, writeFileAtomic } from '../../base/index.ts';
import { describePublicKey } from '../../pki/index.ts';
import {
  addressesOf,
  checkNetworkName,
  defaultListeners,
  parseRequestedNames,
  reachableNames,
} from '../../policy/index.ts';
import { machineName, machineNames } from '../../transport/index.ts';
import { type CreationOptions, defaultPort } from '../options/creation-options.ts';
import type { Context } from '../program/context.ts';
import { type Row, row } from '../terminal/answer.ts';
import { formatRemaining, shortFingerprint } from '../terminal/format.ts';
import { readPasswordFile } from '../terminal/given-password.ts';
import { type AuthorityHome, asAuthorityHome } from './authority-home.ts';
import { careOf } from './care-of.ts';
import { createHome, type Home } from './home.ts';
import { newKeystorePassphrase } from './keystore-passphrase.ts';
import { checkBegins } from './new-home.ts';
import { databaseOf, type Settings, writeSettings } from './settings.ts';

/** What is special about an authority that is made. */
export interface Creation {
  /** Done once nothing is refused any more, before anything is written. */
  readonly ready?: () => Promise<void>;
  /** A root that is there already. */
  readonly root?: AdoptedRoot;
}

/** Makes the home and an authority in it. Whatever can be refused is refused before anything is written. */
export async function createAuthorityHome(
  context: Context,
  options: CreationOptions,
  { ready, root }: Creation = {},
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
  return await createInHome(context, { home, settings, ...keys });
}

/** Protects the recovery kit that is written. */
export async function kitPassphrase(
  context: Context,
  { kitPasswordFile: file }: Pick<CreationOptions, 'kitPasswordFile'>,
): Promise<Secret<string> | undefined> {
  return file === undefined ? undefined : await readPasswordFile(context, file);
}

/** An authority that is made in a home that is there, with its settings. */
interface CreationInHome extends Pick<Creation, 'root'>, Pick<CreationOptions, 'keyAlgorithm' | 'permit'> {
  readonly home: Home;
  readonly settings: Settings;
  readonly keystorePassphrase?: Secret<string> | undefined;
  readonly kitPassphrase?: Secret<string> | undefined;
}

/** Makes the authority of a home as its settings say. */
export async function createInHome(
  context: Context,
  { home, settings, root, kitPassphrase: passphrase, ...keys }: CreationInHome,
): Promise<AuthorityHome> {
  const authority = await createAuthority({
    home: home.path,
    network: settings.network,
    statusAddress: settings.statusAddress,
    clock: context.clock,
    worker: true,
    care: careOf(home, settings),
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
